import Evaluation
import LanguageModels
import Tensors
import Testing
import Tokenizers
import TrainingData

@Suite("Multiple choice")
struct MultipleChoiceTests {
    private let lines = """
        {"context": "The sky is", "choices": ["blue", "made of old cheese and bread"], "answer": 0}
        {"context": "Two plus two is \\n", "choices": ["five", "four", "a number"], "answer": 1, "delimiter": ""}
        {"context": "", "choices": ["é", "yes"], "answer": 1}
        {"context": "The grass is", "choices": ["made of old cheese and bread", "green"], "answer": 0}
        """

    @Test("Blanks at the end of the question are the answer's; lengths are of the choices alone")
    func parts() throws {
        let task = try MultipleChoiceTask(jsonLines(lines))
        #expect(task.questions[0].continuations == [" blue", " made of old cheese and bread"])
        #expect(task.questions[1].context == "Two plus two is")
        #expect(task.questions[1].continuations == [" \nfive", " \nfour", " \na number"])
        #expect(task.questions[1].lengths == [4, 4, 8])
        #expect(task.questions[2].lengths == [1, 3])
    }

    @Test("The log probabilities and both accuracies are those of each choice read by itself", arguments: [1, 2, 3])
    func measure(seed: UInt64) throws {
        let model = try byteModel(seed: seed)
        let tokenizer = ByteTokenizer()
        let task = try MultipleChoiceTask(jsonLines(lines))
        let result = try task.measure(model, tokenizer, on: Workspace(threadCount: 2))
        var (right, normalizedRight) = (0, 0)
        for (question, answer) in zip(task.questions, result.answers) {
            let expected = try question.continuations.map { continuation in
                let target = tokenizer.encode(continuation)
                let inputs = [0] + tokenizer.encode(question.context) + target.dropLast()
                return -(try plainNats(model, inputs: inputs, targets: target).reduce(0, +))
            }
            for (a, b) in zip(answer.logProbabilities, expected) { #expect(isClose(a, b)) }
            let normalized = zip(expected, question.lengths).map { $0 / Double($1) }
            right += expected[question.answer] == expected.max() ? 1 : 0
            normalizedRight += normalized[question.answer] == normalized.max() ? 1 : 0
        }
        #expect(result.accuracy == Proportion(right, of: 4))
        #expect(result.normalizedAccuracy == Proportion(normalizedRight, of: 4))
        // By sums the shortest choice wins; by length it need not.
        #expect(result.answers[3].isCorrect == false)
    }

    @Test(
        "says what is wrong with a question",
        arguments: [
            (#"{"context": "a", "choices": ["b"], "answer": 0}"#, "needs at least 2"),
            (#"{"context": "a", "choices": ["b", "c"], "answer": 2}"#, "“answer” is 2"),
            (#"{"context": "a", "choices": ["b", "c"], "answer": -1}"#, "“answer” is -1"),
            (#"{"context": "a", "choices": ["b", ""], "answer": 0}"#, "choice 1 is empty"),
            (#"{"context": "a", "choices": ["b", "c"], "answer": "b"}"#, "not a whole number"),
            (#"{"context": "a", "choices": ["b", 4], "answer": 0}"#, "is not text"),
            (#"{"context": "a", "choices": ["b", "c"]}"#, "no “answer”"),
        ])
    func invalid(line: String, reason: String) {
        let error = #expect(throws: TrainingDataError.self) {
            try MultipleChoiceTask(jsonLines(line))
        }
        #expect(error?.description.contains(reason) == true, "\(String(describing: error))")
    }
}
