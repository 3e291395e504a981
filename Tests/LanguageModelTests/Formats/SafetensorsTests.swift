import Foundation
import LanguageModel
import Testing

struct SafetensorsTests {
  @Test func whatIsWrittenIsRead() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/x.safetensors"
    let tensors: [(name: String, shape: [Int], values: [Float])] = [
      ("z", [2, 3], [1, -2, 3.5, .pi, -0.0, .leastNonzeroMagnitude]),
      ("a \"quoted\"\n", [1], [.infinity]),
      ("empty", [0, 4], []), ("scalar", [], [7]),
    ]
    let metadata = ["step": "12", "näme": "line\r\nbreak\u{1}\u{7F}\\"]
    for _ in 0..<2 {
      try SafetensorsWriter.write(tensors, metadata: metadata, to: path)
      let file = try SafetensorsFile(path: path)
      #expect(file.metadata == metadata)
      #expect(file.names == ["a \"quoted\"\n", "empty", "scalar", "z"])
      for (name, shape, values) in tensors {
        #expect(file.shape(of: name) == shape)
        #expect(try file.floats(name).map(\.bitPattern) == values.map(\.bitPattern))
      }
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["x.safetensors"])
  }

  @Test func whatCannotBeWrittenLeavesNothing() throws {
    let folder = try TemporaryFolder()
    let path = folder.path + "/x.safetensors"
    #expect(throws: ModelError.self) {
      try SafetensorsWriter.write([("a", [2], [1])], to: path)
    }
    #expect(throws: ModelError.self) {
      try SafetensorsWriter.write([("a", [1], [1]), ("a", [1], [2])], to: path)
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [])
    let error = #expect(throws: ModelError.self) {
      try SafetensorsWriter.write([("a", [1], [1])], to: folder.path + "/missing/x.safetensors")
    }
    #expect(error?.description.contains("can't be written: No such file or directory") == true)
  }

  @Test func referencesOfAllElementTypesAreRead() throws {
    let inputs = try SafetensorsFile(path: Fixtures.reference("sdpo/inputs.safetensors"))
    #expect(try inputs.floats("student_logits").count == 3 * 7 * 64)
    #expect(try inputs.integers("sampled_ids").count == 21)
    let tiny = try SafetensorsFile(path: Fixtures.reference("tiny-llama/reference.safetensors"))
    #expect(try tiny.integers("lengths") == [24, 17, 9])
    #expect(Set(try tiny.integers("loss_mask")) == [0, 1])
    #expect(throws: ModelError.self) { try tiny.floats("lengths") }
    #expect(throws: ModelError.self) { try tiny.integers("loss") }
    #expect(throws: ModelError.self) { try tiny.floats("nothing") }
  }

  @Test(arguments: Fixtures.tinyModels)
  func shardsReadAsOneFile(model: String) throws {
    let folder = try TemporaryFolder()
    let whole = try SafetensorsFile(path: Fixtures.reference(model + "/model.safetensors"))
    var map: [String] = []
    for (number, part) in [0, 1, 2].enumerated() {
      var tensors: [(name: String, shape: [Int], values: [Float])] = []
      for (index, name) in whole.names.enumerated() where index % 3 == part {
        tensors.append((name, whole.shape(of: name)!, try whole.floats(name)))
        map.append("\"\(name)\": \"model-\(number).safetensors\"")
      }
      try SafetensorsWriter.write(tensors, to: "\(folder.path)/model-\(number).safetensors")
    }
    let index = "{\"metadata\": {}, \"weight_map\": {\(map.joined(separator: ", "))}}"
    _ = try folder.write("model.safetensors.index.json", index.utf8)
    let tensors = try HuggingFaceTensors(folder: folder.path)
    #expect(tensors.names == whole.names)
    for name in whole.names { #expect(try tensors.floats(name) == whole.floats(name)) }
  }
}
