package dev.strata.udfs.spark;

import dev.strata.udfs.api.Nearest;
import dev.strata.udfs.api.RowException;
import dev.strata.udfs.api.SamplingOptions;
import dev.strata.udfs.api.SamplingOverrides;
import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.text.TemplateArguments;
import java.io.Serializable;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * Sampling options as a struct has them, such as {@code named_struct('max_tokens', 100)}: the names
 * of row options, and {@code max_tokens} for {@code max_new_tokens}.
 *
 * @param seed null for the run's
 * @param arguments what the chat template is given besides
 */
public record SamplingParameters(
    SamplingOverrides overrides, Long seed, TemplateArguments arguments) implements Serializable {

  /** No options. */
  public static final SamplingParameters NONE =
      new SamplingParameters(SamplingOverrides.NONE, null, TemplateArguments.NONE);

  private static final String MAX_TOKENS = "max_tokens";
  private static final String MAX_NEW_TOKENS = "max_new_tokens";

  /**
   * Reads a struct, which has its schema with it.
   *
   * @param use what has the struct, for messages
   * @throws StrataException if a name or a value makes no sense
   */
  public static SamplingParameters of(Row values, String use) {
    StructType schema = new StructType();
    for (StructField field : values.schema().fields()) {
      schema = schema.add(optionName(field.name(), use), field.dataType());
      requireText(field, use);
    }
    RowOptions options = RowOptions.of(Arrays.asList(schema.fieldNames()), new TextColumns(schema));
    try {
      SamplingOverrides overrides = options.read(values);
      overrides.applyTo(SamplingOptions.greedy(1));
      return new SamplingParameters(
          overrides, options.seed(values), options.templateArguments(values));
    } catch (RowException e) {
      throw new StrataException(StrataException.Fault.USAGE, use + ": " + e.getMessage(), e);
    }
  }

  /** A struct has no column beside it in which its JSON could be. */
  private static void requireText(StructField field, String use) {
    if (field.name().equals(TemplateArguments.NAME) && !TextColumns.isText(field.dataType())) {
      throw StrataException.usage(
          "%s has %s as %s; write it as a text such as '{\"enable_thinking\": false}'",
          use, field.name(), field.dataType().catalogString());
    }
  }

  private static String optionName(String name, String use) {
    if (name.equals(MAX_TOKENS)) {
      return MAX_NEW_TOKENS;
    }
    if (!RowOptions.NAMES.contains(name)) {
      List<String> names = Stream.concat(Stream.of(MAX_TOKENS), RowOptions.NAMES.stream()).toList();
      throw StrataException.usage(
          "%s names '%s', which is no option%s; those are %s",
          use, name, Nearest.hint(name, names), String.join(", ", names));
    }
    return name;
  }
}
