import Foundation

/// The weights of a Hugging Face folder: `model.safetensors`, or the shards that
/// `model.safetensors.index.json` names.
public struct HuggingFaceTensors: TensorSource {
  public let origin: String
  public let names: [String]
  private let shards: [SafetensorsFile]
  private let places: [String: Int]

  public init(folder: String) throws(ModelError) {
    let single = folder + "/model.safetensors"
    let index = single + ".index.json"
    origin = folder
    if MappedFile.exists(single) {
      let file = try SafetensorsFile(path: single)
      shards = [file]
      names = file.names
      places = Dictionary(uniqueKeysWithValues: file.names.map { ($0, 0) })
    } else if MappedFile.exists(index) {
      (shards, places) = try Self.readIndex(index, folder: folder)
      names = places.keys.sorted()
    } else {
      throw ModelError(
        "\(folder) has neither model.safetensors nor model.safetensors.index.json")
    }
  }

  private static func readIndex(
    _ path: String, folder: String
  ) throws(ModelError) -> (shards: [SafetensorsFile], places: [String: Int]) {
    let json = try JSONObject(JSONParser.parse(file: path), file: path)
    guard let map = try json.object("weight_map") else { throw json.missing("weight_map") }
    var numbers: [String: Int] = [:]
    var shards: [SafetensorsFile] = []
    var places: [String: Int] = [:]
    for (name, value) in map.members {
      guard let file = value.string, file.hasSuffix(".safetensors"), !file.contains("/") else {
        throw ModelError(
          "\(path): \(name.prefix(80)) must be in a .safetensors file of the folder, not in"
            + " \(value.summary)")
      }
      let number: Int
      if let known = numbers[file] {
        number = known
      } else {
        number = shards.count
        numbers[file] = number
        shards.append(try SafetensorsFile(path: "\(folder)/\(file)"))
      }
      guard shards[number].shape(of: name) != nil else {
        throw ModelError("\(folder)/\(file): the tensor \(name.prefix(80)) is missing")
      }
      if places.updateValue(number, forKey: name) != nil {
        throw ModelError("\(path): the tensor \(name.prefix(80)) is there twice")
      }
    }
    return (shards, places)
  }

  public func shape(of name: String) -> [Int]? {
    places[name].flatMap { shards[$0].shape(of: name) }
  }

  public func read(
    _ name: String, into destination: UnsafeMutableBufferPointer<Float>
  ) throws(ModelError) {
    guard let number = places[name] else {
      throw ModelError("\(origin): there is no tensor \(name)")
    }
    try shards[number].read(name, into: destination)
  }

  public func readRows(
    _ name: String, _ rows: Range<Int>, into destination: UnsafeMutableBufferPointer<Float>
  ) throws(ModelError) {
    guard let number = places[name] else {
      throw ModelError("\(origin): there is no tensor \(name)")
    }
    try shards[number].readRows(name, rows, into: destination)
  }

  public func release(_ name: String) {
    if let number = places[name] { shards[number].release(name) }
  }

  /// The files that hold the weights, in the order first named.
  var files: [String] { shards.map(\.origin) }
}
