package dev.strata.udfs.model;

/** Llama 1 to 3.3 and the many models of their form; LlamaConfig in Hugging Face transformers. */
final class LlamaFamily implements ModelFamily {

  @Override
  public String modelType() {
    return "llama";
  }

  @Override
  public DecoderSpec read(JsonFields config) {
    boolean attentionBias = config.flagOr("attention_bias", false);
    return new DecoderSpecReader(config, modelType())
        .defaultContextLength(2_048)
        .queryKeyValueBias(attentionBias)
        .attentionOutputBias(attentionBias)
        .feedForwardBias(config.flagOr("mlp_bias", false))
        .read();
  }
}
