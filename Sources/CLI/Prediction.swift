/// A line of SWE-bench's predictions.
struct Prediction: Encodable {
  var instance, model, patch: String

  enum CodingKeys: String, CodingKey {
    case instance = "instance_id"
    case model = "model_name_or_path"
    case patch = "model_patch"
  }
}
