package dev.strata.udfs.model;

/** OLMo 3, which is OLMo 2 with layers that slide; Olmo3Config in Hugging Face transformers. */
final class Olmo3Family implements ModelFamily {

  @Override
  public String modelType() {
    return "olmo3";
  }

  @Override
  public DecoderSpec read(JsonFields config) {
    DecoderFields fields =
        new DecoderFields(config).defaultContextLength(2_048).defaultNormEpsilon(1e-5);
    AttentionSpec everywhere = fields.attention();
    AttentionSpec sliding = everywhere.withWindow(fields.window(4_096));
    return Olmo2Family.read(
        config,
        fields,
        modelType(),
        layer -> LayerTypes.slides(config, layer, 4) ? sliding : everywhere);
  }
}
