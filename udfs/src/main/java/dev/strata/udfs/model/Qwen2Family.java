package dev.strata.udfs.model;

/** Qwen2 and Qwen2.5; Qwen2Config in Hugging Face transformers. */
final class Qwen2Family implements ModelFamily {

  @Override
  public String modelType() {
    return "qwen2";
  }

  @Override
  public DecoderSpec read(JsonFields config) {
    return new DecoderSpecReader(config, modelType())
        .defaultContextLength(32_768)
        .defaultKeyValueHeads(32)
        .queryKeyValueBias(true)
        .window(QwenWindows.read(config))
        .read();
  }
}
