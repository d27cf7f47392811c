/// The text with its control characters written out, as \u{1B}: what comes from a file must not steer the terminal. Lines
/// and tabs stay.
func escapingControlCharacters(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
        if scalar.properties.generalCategory == .control && scalar != "\n" && scalar != "\t" {
            result += "\\u{\(String(scalar.value, radix: 16, uppercase: true))}"
        } else {
            result.unicodeScalars.append(scalar)
        }
    }
    return result
}
