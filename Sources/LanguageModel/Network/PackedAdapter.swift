/// An adapter's matrices in bf16 panels, made anew whenever its parameters have changed.
final class PackedAdapter: @unchecked Sendable {
  /// One group of linear layers that share their input.
  struct Group {
    /// u = x · Aᵀ and dx += du · A; A [R, in] holds the members' one below the other.
    let a: PackedMatrix
    let aTransposed: PackedMatrix
    /// y += u · (scale · B)ᵀ.
    let b: [Part]
    /// du = dy · (scale · B), member by member.
    let bTransposed: [PackedMatrix]
  }

  /// What one member's columns of u add to its columns of y; or what all of u adds to all of y, with
  /// zeros between different members, where members don't begin with panels.
  struct Part {
    let panels: PackedMatrix
    /// The first of its columns of u, and of y: nil for all.
    let first: Int
    let column: Int?
  }

  private var groups: [[Group?]] = []
  private var version = -1

  /// The groups of `adapter` as it is now, by layer and `Projection`.
  func groups(of adapter: LoRAParameters) -> [[Group?]] {
    if version == adapter.buffer.version { return groups }
    if groups.isEmpty { groups = adapter.groups.map { $0.map { $0.map(Self.allocate) } } }
    for (own, source) in zip(groups, adapter.groups) {
      for case (let group?, let values?) in zip(own, source) {
        Self.fill(group, values, scale: adapter.config.scale)
      }
    }
    version = adapter.buffer.version
    return groups
  }

  private static func allocate(_ group: LoRAParameters.Group) -> Group {
    let inner = group.a.rows
    return Group(
      a: PackedMatrix(steps: group.a.columns, columns: inner),
      aTransposed: PackedMatrix(steps: inner, columns: group.a.columns),
      b: parts(group),
      bTransposed: group.members.map { PackedMatrix(steps: $0.b.rows, columns: $0.b.columns) })
  }

  private static func parts(_ group: LoRAParameters.Group) -> [Part] {
    let apart = group.members.allSatisfy { b, columns in
      b.columns % 2 == 0 && columns.lowerBound % Panels.width == 0
        && columns.count % Panels.width == 0
    }
    guard apart else {
      let whole = PackedMatrix(steps: group.a.rows, columns: group.outputs)
      return [Part(panels: whole, first: 0, column: nil)]
    }
    return group.members.enumerated().map { index, member in
      Part(
        panels: PackedMatrix(steps: member.b.columns, columns: member.b.rows),
        first: index * member.b.columns, column: member.columns.lowerBound)
    }
  }

  private static func fill(_ group: Group, _ values: LoRAParameters.Group, scale: Float) {
    group.a.panels.pack(columns: values.a)
    group.aTransposed.panels.pack(rows: values.a)
    for (index, member) in values.members.enumerated() {
      group.bTransposed[index].panels.pack(rows: member.b, scale: scale)
    }
    guard let whole = group.b.first, whole.column == nil else {
      for (part, member) in zip(group.b, values.members) {
        part.panels.panels.pack(columns: member.b, scale: scale)
      }
      return
    }
    fill(whole.panels.panels, values, scale: scale)
  }

  /// All members' Bs as one weight [out, R].
  private static func fill(_ panels: Panels, _ values: LoRAParameters.Group, scale: Float) {
    let inner = values.a.rows
    let whole = FloatBuffer(count: values.outputs * inner)
    for (index, member) in values.members.enumerated() {
      let rank = member.b.columns
      for row in 0..<member.b.rows {
        (whole.base + (member.columns.lowerBound + row) * inner + index * rank)
          .update(from: member.b.row(row), count: rank)
      }
    }
    panels.pack(columns: Matrix(whole.base, rows: values.outputs, columns: inner), scale: scale)
  }
}
