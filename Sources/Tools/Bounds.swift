/// The first of the named values outside a range, as a clause; nil if there is none.
public func firstOutside(_ range: ClosedRange<Int>, _ values: [(String, Int)]) -> String? {
  values.first { !range.contains($0.1) }.map { name, value in
    "\(name) is \(value), expected \(range.lowerBound) to \(range.upperBound)"
  }
}

/// The first of the named times that no command can take, as a clause; nil if there is none.
public func firstOutside(seconds values: [(String, Double)]) -> String? {
  values.first { !($0.1 > 0 && $0.1 <= SandboxLimits.mostSeconds) }.map { name, value in
    "\(name) is \(value), expected more than 0 and at most \(SandboxLimits.mostSeconds)"
  }
}
