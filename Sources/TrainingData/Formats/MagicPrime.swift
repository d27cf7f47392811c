/// The number that RWKV-LM's trainer asks for as `--magic_prime`, with which it walks through a binidx data set: the largest
/// prime p ≡ 2 (mod 3) below ⌊tokens / T⌋ (`make_data.py`). Then x³ permutes the remainders of p.
///
/// - Parameter contextLength: T, at least 1.
/// - Returns: `nil` for fewer tokens than three contexts.
/// - Complexity: O(√p) for each of some ten candidates.
public func magicPrime(tokenCount: Int, contextLength: Int) -> Int? {
    let slots = tokenCount / contextLength
    guard slots >= 3 else { return nil }
    return stride(from: slots - 1, to: 1, by: -1).first { $0 % 3 == 2 && isPrime($0) }
}

private func isPrime(_ n: Int) -> Bool {
    if n < 4 { return n > 1 }
    if n % 2 == 0 { return false }
    var divisor = 3
    while divisor <= n / divisor {
        if n % divisor == 0 { return false }
        divisor += 2
    }
    return true
}
