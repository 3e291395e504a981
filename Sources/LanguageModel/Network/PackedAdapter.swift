/// An adapter's matrices in bf16 panels, made anew whenever its parameters have changed.
final class PackedAdapter: @unchecked Sendable {
  /// One group of linear layers that share their input.
  struct Group {
    /// u = x · Aᵀ and dx += du · A; A [R, in] holds the members' one below the other.
    let a: PackedMatrix
    let aTransposed: PackedMatrix
    /// y += u · (scale · B)ᵀ for all members at once: [R, out], zero between different members.
    let b: PackedMatrix
    /// du = dy · (scale · B), member by member.
    let bTransposed: [PackedMatrix]
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
      b: PackedMatrix(steps: inner, columns: group.outputs),
      bTransposed: group.members.map { PackedMatrix(steps: $0.b.rows, columns: $0.b.columns) })
  }

  private static func fill(_ group: Group, _ values: LoRAParameters.Group, scale: Float) {
    group.a.panels.pack(columns: values.a)
    group.aTransposed.panels.pack(rows: values.a)
    let inner = values.a.rows
    // All members' Bs as one weight [out, R].
    let whole = FloatBuffer(count: values.outputs * inner)
    for (index, member) in values.members.enumerated() {
      let rank = member.b.columns
      for row in 0..<member.b.rows {
        (whole.base + (member.columns.lowerBound + row) * inner + index * rank)
          .update(from: member.b.row(row), count: rank)
      }
      group.bTransposed[index].panels.pack(rows: member.b, scale: scale)
    }
    group.b.panels.pack(
      columns: Matrix(whole.base, rows: values.outputs, columns: inner), scale: scale)
  }
}
