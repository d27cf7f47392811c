import Checkpoints
import Tensors
import TestSupport
import Testing

@Suite("Names that programs wrapped")
struct NameWrapperTests {
    private static let bare = [counting("emb.weight", [4, 2]), counting("blocks.0.att.key.weight", [2, 2], from: 8)]

    @Test(
        "lose what was put before them",
        arguments: [
            "module.", "model.", "_orig_mod.", "state_dict.", "state_dict.model.", "module._forward_module.model.",
        ])
    func prefixes(prefix: String) throws {
        let folder = try TemporaryFolder()
        let path = try folder.safetensors("a", Self.bare.map { $0.renamed(prefix + $0.name) })
        expectSame(try ModelCheckpoint(path: path).tensors, Self.bare)
    }

    @Test("lose what was put into them")
    func inner() throws {
        let folder = try TemporaryFolder()
        let names = ["emb.weight", "blocks.0._orig_mod.att._checkpoint_wrapped_module.key.weight"]
        let path = try folder.safetensors("a", zip(Self.bare, names).map { $0.renamed($1) })
        expectSame(try ModelCheckpoint(path: path).tensors, Self.bare)
    }

    @Test("stand beside an optimiser's, which are left out; the naming below may be another project's")
    func bookkeeping() throws {
        let folder = try TemporaryFolder()
        let optimizer = counting("optimizer_states.0.state.0.exp_avg", [4])
        let path = try folder.safetensors(
            "a", Self.bare.map { $0.renamed("state_dict.model." + $0.name) } + [optimizer])
        expectSame(try ModelCheckpoint(path: path).tensors, Self.bare)

        let file = try SafetensorsFile(path: dialectFixture("fla_rwkv7") + "/model.safetensors")
        let wrapped = file.tensors.map { $0.renamed("module." + $0.name) }
        expectSame(
            try ModelCheckpoint(path: folder.safetensors("b", wrapped + [optimizer])).tensors,
            try ModelCheckpoint(path: dialectFixture("fla_rwkv7")).tensors)
        // What is neither the model's nor known to belong to a trainer is not thrown away in silence.
        let stranger = wrapped + [counting("ema.emb.weight", [4])]
        #expect(try ModelCheckpoint(path: folder.safetensors("c", stranger)).names == Set(stranger.map(\.name)))
    }

    @Test("are refused if two become one, and left alone if no model's names are left")
    func collisions() throws {
        let folder = try TemporaryFolder()
        let path = try folder.safetensors("a", Self.bare + [counting("_orig_mod.emb.weight", [1])])
        #expect(throws: CheckpointError.duplicateName(name: "emb.weight")) { try ModelCheckpoint(path: path) }
        let other = [counting("model.weight", [2]), counting("model.bias", [2])]
        expectSame(try ModelCheckpoint(path: folder.safetensors("b", other)).tensors, other)
    }

    @Test("in the dictionaries of torch.save, in both layouts", arguments: TorchFile.allCases)
    func nested(file: TorchFile) throws {
        // Without layers in it, such a dictionary is nobody's model: the names stay.
        let folder = try TemporaryFolder()
        let path = try folder.file("a.pth", file.bytes)
        #expect(try ModelCheckpoint(path: path).names.contains("model.transposed"))
        // With layers, {"state_dict": {"model.blocks…": …}, "epoch": 3} is.
        let pickle = PickleText.pickle(
            PickleText.dictionary(
                PickleText.text("epoch"), PickleText.int(3), PickleText.text("state_dict"),
                PickleText.dictionary(
                    PickleText.text("model.blocks.0.ln1.weight"),
                    PickleText.tensor(PickleText.storage("0", "FloatStorage", 4), [4], [1]))))
        let lightning = try ModelCheckpoint(path: folder.file("b.ckpt", torchArchive(pickle)))
        #expect(lightning.names == ["blocks.0.ln1.weight"])
        #expect(lightning.metadata == ["epoch": "3"])
    }

    @Test("in a trainer's checkpoint may stand beside settings and NumPy's numbers, which are passed over")
    func trainer() throws {
        // As Python pickles {"hyper_parameters": argparse.Namespace(n=3), "loss": numpy.float64(3.5), "state_dict": …}.
        typealias P = PickleText
        let namespace = P.global("argparse", "Namespace") + [0x29, 0x81] + P.dictionary(P.text("n"), P.int(3)) + [0x62]
        let type =
            P.global("numpy", "dtype") + P.tuple(P.text("f8"), [0x89], [0x88]) + P.reduce
            + P.tuple(P.int(3), P.text("<"), P.none) + [0x62]
        let bytes = P.global("_codecs", "encode") + P.tuple(P.text("\u{C}@"), P.text("latin1")) + P.reduce
        let number = P.global("numpy._core.multiarray", "scalar") + P.tuple(type, bytes) + P.reduce
        let pickle = P.pickle(
            P.dictionary(
                P.text("hyper_parameters"), namespace, P.text("loss"), number, P.text("state_dict"),
                P.dictionary(
                    P.text("blocks.0.ln1.weight"), P.tensor(P.storage("0", "FloatStorage", 4), [4], [1]))))
        let folder = try TemporaryFolder()
        let file = try ModelCheckpoint(path: folder.file("last.ckpt", torchArchive(pickle)))
        #expect(file.tensors.map(\.name) == ["blocks.0.ln1.weight"])
    }
}
