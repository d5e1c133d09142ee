package dev.strata.udfs.model;

import dev.strata.udfs.api.StrataException;
import java.util.List;
import java.util.Optional;

/**
 * In which form a checkpoint's matrices are stored that are not plain numbers: what its {@code
 * quantization_config} says. Which matrices these are, their own types say.
 *
 * @param codeSuffix what the names of tensors have behind those of their matrices
 * @param scaleSuffix what the names of scales have
 * @param codes how elements are stored
 * @param blocks which of them share a scale
 */
public record Quantization(
    String codeSuffix, String scaleSuffix, ElementType codes, Blocks blocks) {

  /** All matrices are plain numbers. */
  public static final Quantization NONE = new Quantization("", "", null, null);

  static final String CONFIG = "quantization_config";

  private static final String METHOD = "quant_method";

  /** As GPT-OSS has its experts. */
  private static final Quantization MXFP4 =
      new Quantization("_blocks", "_scales", ElementType.F4_E2M1, new Blocks(1, 32));

  /**
   * Which elements of a matrix share a scale.
   *
   * @param rows how many rows; 0 for all
   * @param columns how many columns; 0 for all
   */
  public record Blocks(int rows, int columns) {

    private static final Blocks MATRIX = new Blocks(0, 0);
    private static final Blocks ROW = new Blocks(1, 0);

    /** The same for a matrix of so many rows and columns. */
    public Blocks of(long matrixRows, long matrixColumns) {
      return new Blocks(
          rows == 0 ? (int) matrixRows : rows, columns == 0 ? (int) matrixColumns : columns);
    }
  }

  /**
   * Reads a model's configuration.
   *
   * @throws StrataException if its weights are stored in a form that is not read
   */
  static Quantization read(JsonFields config) {
    JsonFields quantization = config.object(CONFIG);
    if (isOff(quantization)) {
      return NONE;
    }
    if (quantization.textOr(METHOD, "none").equals("mxfp4")) {
      return MXFP4;
    }
    return blocks(quantization)
        .map(b -> new Quantization("", suffix(quantization), ElementType.F8_E4M3, b))
        .orElseThrow(() -> notRead(config, quantization));
  }

  /**
   * Whether elements are packed along a matrix' inputs, so that it is stored as linear layers are.
   */
  boolean packsInputs() {
    return codes == ElementType.F4_E2M1;
  }

  /**
   * Whether such a configuration quantises nothing, as programs leave it behind that were told not
   * to. Hugging Face transformers then loads the weights as they are.
   */
  private static boolean isOff(JsonFields quantization) {
    if (quantization.flagOr("load_in_4bit", false) || quantization.flagOr("load_in_8bit", false)) {
      return false;
    }
    return switch (quantization.textOr(METHOD, "none")) {
      case "none" -> !quantization.isPresent("bits");
      case "bitsandbytes" -> true;
      case "compressed-tensors" -> quantization.object("config_groups").names().isEmpty();
      default -> false;
    };
  }

  private static String suffix(JsonFields quantization) {
    return quantization.text(METHOD).equals("fp8") ? "_scale_inv" : "_scale";
  }

  /** Empty for forms that are not read. */
  private static Optional<Blocks> blocks(JsonFields quantization) {
    return switch (quantization.textOr(METHOD, "none")) {
      case "fp8" ->
          quantization.textOr("fmt", "e4m3").equals("e4m3")
              ? Optional.of(blocks(quantization, "weight_block_size"))
              : Optional.empty();
      case "compressed-tensors" ->
          quantization.textOr("format", "").equals("float-quantized")
                  && quantization.object("sparsity_config").names().isEmpty()
              ? ofGroups(quantization.object("config_groups"))
              : Optional.empty();
      default -> Optional.empty();
    };
  }

  /** All groups, if they have one form. */
  private static Optional<Blocks> ofGroups(JsonFields groups) {
    List<Optional<Blocks>> forms =
        groups.names().stream()
            .map(name -> ofGroup(groups.object(name).object("weights")))
            .distinct()
            .toList();
    return forms.size() == 1 ? forms.get(0) : Optional.empty();
  }

  private static Optional<Blocks> ofGroup(JsonFields weights) {
    boolean isFloat8 =
        weights.textOr("type", "int").equals("float")
            && weights.wholeOr("num_bits", 1, 8) == 8
            && weights.flagOr("symmetric", true);
    return isFloat8
        ? switch (weights.textOr("strategy", "")) {
          case "channel" -> Optional.of(Blocks.ROW);
          case "tensor" -> Optional.of(Blocks.MATRIX);
          case "block" -> Optional.of(blocks(weights, "block_structure"));
          default -> Optional.empty();
        }
        : Optional.empty();
  }

  private static Blocks blocks(JsonFields fields, String name) {
    if (!fields.isPresent(name)) {
      return Blocks.MATRIX;
    }
    List<Long> sizes = fields.longs(name, "rows and columns of a block, above 0");
    if (sizes.size() != 2 || sizes.stream().anyMatch(size -> size < 1 || size > 1 << 20)) {
      throw fields.invalid(name, "rows and columns of a block, above 0");
    }
    return new Blocks(sizes.get(0).intValue(), sizes.get(1).intValue());
  }

  private static StrataException notRead(JsonFields config, JsonFields quantization) {
    String format = quantization.textOr("format", "");
    return StrataException.model(
        "%s has a quantization_config (%s%s); use the model as F32, F16 or BF16, in FP8"
            + " (quant_method fp8, or compressed-tensors with the format float-quantized) or in"
            + " MXFP4 (mxfp4)",
        config.origin(),
        quantization.textOr(METHOD, "no quant_method"),
        format.isEmpty() ? "" : ", " + format);
  }
}
