/// The instructions of Python's pickle machine that a state dict of tensors needs, named as in CPython's `pickle.py`.
///
/// Left out on purpose: everything that looks up attributes, makes instances by other ways, or exists only for text
/// pickles of protocol 0.
enum PickleOpcode: UInt8 {
    case mark = 0x28  // (
    case emptyTuple = 0x29  // )
    case stop = 0x2E  // .
    case binfloat = 0x47  // G
    case binint = 0x4A  // J
    case binint1 = 0x4B  // K
    case binint2 = 0x4D  // M
    case none = 0x4E  // N
    case binpersid = 0x51  // Q
    case reduce = 0x52  // R
    case binstring = 0x54  // T
    case shortBinstring = 0x55  // U
    case binunicode = 0x58  // X
    case emptyList = 0x5D  // ]
    case append = 0x61  // a
    case build = 0x62  // b
    case global = 0x63  // c
    case appends = 0x65  // e
    case binget = 0x68  // h
    case longBinget = 0x6A  // j
    case binput = 0x71  // q
    case longBinput = 0x72  // r
    case setitem = 0x73  // s
    case tuple = 0x74  // t
    case setitems = 0x75  // u
    case emptyDict = 0x7D  // }
    case proto = 0x80
    case newobj = 0x81
    case tuple1 = 0x85
    case tuple2 = 0x86
    case tuple3 = 0x87
    case newtrue = 0x88
    case newfalse = 0x89
    case long1 = 0x8A
    case binbytes = 0x42  // B
    case shortBinbytes = 0x43  // C
    case shortBinunicode = 0x8C
    case binunicode8 = 0x8D
    case stackGlobal = 0x93
    case memoize = 0x94
    case frame = 0x95
}
