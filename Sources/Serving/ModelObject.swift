import LanguageModel

/// The served model as `/v1/models` tells of it.
struct ModelObject: Encodable {
  var id: String
  var object = "model"
  var created = 0
  var ownedBy = "hindsight"
  var maxModelLen: Int

  enum CodingKeys: String, CodingKey {
    case id, object, created
    case ownedBy = "owned_by"
    case maxModelLen = "max_model_len"
  }

  init(_ model: ServedModel) {
    id = model.name
    maxModelLen = model.engine.config.contextLength
  }
}

struct ModelList: Encodable {
  var object = "list"
  var data: [ModelObject]
}
