internal import ArgumentParser
internal import RWKV

/// Weight types as a list: bf16,q8_0.
struct TypeList: ExpressibleByArgument {
    let types: [DataType?]

    init?(argument: String) {
        let types = argument.split(separator: ",", omittingEmptySubsequences: false)
            .map { WeightType(argument: String($0))?.dataType }
        if types.contains(nil) { return nil }
        self.types = types
    }
}

/// Positive numbers as a list: 1,2.
struct NumberList: ExpressibleByArgument {
    let numbers: [Int]

    init?(argument: String) {
        let numbers = argument.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
        guard numbers.allSatisfy({ (1...1024).contains($0 ?? 0) }) else { return nil }
        self.numbers = Set(numbers.compactMap { $0 }).sorted()
    }
}

/// Learning rates as a list: 1e-3,3e-3.
struct RateList: ExpressibleByArgument {
    let rates: [Double]

    init?(argument: String) {
        let rates = argument.split(separator: ",", omittingEmptySubsequences: false).map { Double($0) }
        guard rates.allSatisfy({ ($0 ?? 0) > 0 && ($0 ?? 0).isFinite }) else { return nil }
        self.rates = rates.compactMap { $0 }
    }
}

/// Names as a list: lstm,rwkv7.
struct NameList: ExpressibleByArgument {
    let names: [String]

    init?(argument: String) {
        names = argument.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        if names.contains("") { return nil }
    }
}
