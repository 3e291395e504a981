"""Makes the default model in the formats that the anchors read: models.py SOURCE.gguf FOLDER."""

import sys
from pathlib import Path

import gguf
import numpy


def write_gguf(source, path, kind):
    """A copy of a GGUF file with its matrices in another format; vectors stay fp32."""
    reader = gguf.GGUFReader(source)
    architecture = reader.get_field("general.architecture").contents()
    writer = gguf.GGUFWriter(path, architecture)
    for field in reader.fields.values():
        name = field.name
        if name.startswith("GGUF.") or name in ("general.architecture", "general.file_type"):
            continue
        main = field.types[0]
        sub = field.types[-1] if main == gguf.GGUFValueType.ARRAY else None
        writer.add_key_value(name, field.contents(), main, sub)
    for tensor in reader.tensors:
        values = gguf.quants.dequantize(tensor.data, tensor.tensor_type).astype(numpy.float32)
        target = kind if values.ndim > 1 else gguf.GGMLQuantizationType.F32
        data = gguf.quants.quantize(values, target)
        writer.add_tensor(tensor.name, data, raw_dtype=target)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def write_folder(source, folder):
    """A Hugging Face folder with bf16 safetensors, which loads as fp32 too."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    where = {"pretrained_model_name_or_path": str(source.parent), "gguf_file": source.name}
    read = AutoModelForCausalLM.from_pretrained(**where, dtype=torch.bfloat16)
    # What was read from a GGUF refuses to be saved: a plain model takes the weights over.
    config = type(read.config).from_dict(
        {k: v for k, v in read.config.to_dict().items() if k != "quantization_config"})
    model = type(read)(config).to(torch.bfloat16)
    model.load_state_dict(read.state_dict())
    model.save_pretrained(folder)
    AutoTokenizer.from_pretrained(**where).save_pretrained(folder)


def main():
    source, folder = Path(sys.argv[1]).resolve(), Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("BF16", "Q8_0"):
        target = folder / f"model.{name}.gguf"
        if not target.exists():
            unfinished = folder / "unfinished.gguf"
            write_gguf(source, unfinished, gguf.GGMLQuantizationType[name])
            unfinished.rename(target)
    if not (folder / "hf" / "model.safetensors").exists():
        write_folder(source, folder / "hf")


if __name__ == "__main__":
    main()
