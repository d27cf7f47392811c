import CommandLineTool
import Foundation
import LanguageModels
import TestSupport
import Testing

@Suite("The sizes that rwkv inspect shows")
struct ModelSizesTests {
    @Test("are those of the model, with heads and ranks where there are any")
    func sizes() {
        func sizes(_ architecture: String) -> [String: Int] {
            let configuration = ModelConfiguration(
                architecture: architecture, layerCount: 3, width: 128, hiddenWidth: 448, vocabularySize: 99,
                headSize: 64,
                ranks: architecture == "rwkv6" ? ["mix": 16, "decay": 24] : [:])
            return Dictionary(uniqueKeysWithValues: ModelSizes(configuration).sizes.map { ($0.key, $0.value) })
        }
        let common = ["layers": 3, "width": 128, "hidden_width": 448, "vocabulary": 99]
        #expect(sizes("rwkv4") == common)
        #expect(sizes("rwkv5.2") == common.merging(["heads": 2, "head_size": 64]) { $1 })
        #expect(
            sizes("rwkv6")
                == common.merging(["heads": 2, "head_size": 64, "rank_mix": 16, "rank_decay": 24]) { $1 })
    }
}
