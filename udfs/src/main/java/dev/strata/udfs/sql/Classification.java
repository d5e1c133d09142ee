package dev.strata.udfs.sql;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.types.variant.Variant;
import org.apache.spark.types.variant.VariantBuilder;
import org.apache.spark.unsafe.types.VariantVal;

/**
 * What becomes of labels in JSON, as a VARIANT: {@code {"response": ["a"], "probabilities": {"a":
 * 0.7, "b": 0.3}, "log_probability": -2.5, "error_message": null}}.
 */
final class Classification {

  private static final String RESPONSE = "response";
  private static final String PROBABILITIES = "probabilities";
  private static final String ERROR = "error_message";

  private final VariantBuilder builder = new VariantBuilder(false);

  private Classification() {}

  /**
   * The likeliest label.
   *
   * @param probabilities of all labels, in their order
   * @param logProbability that of the label as the whole answer
   */
  static VariantVal of(String label, Map<String, Double> probabilities, double logProbability) {
    Map<String, Writer> fields = new LinkedHashMap<>();
    fields.put(RESPONSE, c -> c.texts(List.of(label)));
    fields.put(PROBABILITIES, c -> c.numbers(probabilities));
    fields.put("log_probability", c -> c.builder.appendDouble(logProbability));
    fields.put(ERROR, c -> c.builder.appendNull());
    return built(fields);
  }

  /**
   * The labels that fit.
   *
   * @param probabilities that each label fits, in their order
   */
  static VariantVal of(List<String> labels, Map<String, Double> probabilities) {
    Map<String, Writer> fields = new LinkedHashMap<>();
    fields.put(RESPONSE, c -> c.texts(labels));
    fields.put(PROBABILITIES, c -> c.numbers(probabilities));
    fields.put(ERROR, c -> c.builder.appendNull());
    return built(fields);
  }

  /** An error, without labels. */
  static VariantVal failed(String error) {
    Map<String, Writer> fields = new LinkedHashMap<>();
    fields.put(RESPONSE, c -> c.builder.appendNull());
    fields.put(PROBABILITIES, c -> c.builder.appendNull());
    fields.put(ERROR, c -> c.builder.appendString(error));
    return built(fields);
  }

  /** Writes a value. */
  private interface Writer {
    void write(Classification into);
  }

  private static VariantVal built(Map<String, Writer> fields) {
    Classification made = new Classification();
    made.object(fields);
    Variant result = made.builder.result();
    return new VariantVal(result.getValue(), result.getMetadata());
  }

  private void object(Map<String, Writer> values) {
    int start = builder.getWritePos();
    ArrayList<VariantBuilder.FieldEntry> fields = new ArrayList<>();
    values.forEach(
        (key, value) -> {
          int id = builder.addKey(key);
          fields.add(new VariantBuilder.FieldEntry(key, id, builder.getWritePos() - start));
          value.write(this);
        });
    builder.finishWritingObject(start, fields);
  }

  private void texts(List<String> texts) {
    int start = builder.getWritePos();
    ArrayList<Integer> offsets = new ArrayList<>();
    for (String text : texts) {
      offsets.add(builder.getWritePos() - start);
      builder.appendString(text);
    }
    builder.finishWritingArray(start, offsets);
  }

  private void numbers(Map<String, Double> numbers) {
    Map<String, Writer> fields = new LinkedHashMap<>();
    numbers.forEach((key, number) -> fields.put(key, c -> c.builder.appendDouble(number)));
    object(fields);
  }
}
