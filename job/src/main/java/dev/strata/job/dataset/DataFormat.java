package dev.strata.job.dataset;

import dev.strata.udfs.api.StrataException;
import java.util.Arrays;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.BinaryType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.MapType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.types.VariantType;

/** The forms of files that rows are read from and written to. */
public enum DataFormat {
  /** Apache Parquet. */
  PARQUET("parquet", ".*\\.parquet"),
  /** Apache ORC. */
  ORC("orc", ".*\\.orc"),
  /** One JSON object per line. Written rows have all columns, as those of other forms do. */
  JSON("json", ".*\\.(json|jsonl|ndjson)"),
  /**
   * Values separated by commas, as RFC 4180 has them: a header, quotes doubled inside quotes, line
   * breaks in quotes. Spark's own defaults are others. All columns are texts unless {@code
   * inferSchema} is set, and an empty text is null.
   */
  CSV("csv", ".*\\.csv"),
  /** A row for each line, with one column. For reading alone. */
  TEXT("text", ".*\\.(txt|text)");

  private static final String COMPRESSION = "\\.(gz|bz2|zst|snappy|lz4|deflate)$";

  private final String word;
  private final String fileNames;

  DataFormat(String word, String fileNames) {
    this.word = word;
    this.fileNames = fileNames;
  }

  /** Spark's name for it, which is the word in configurations too. */
  public String word() {
    return word;
  }

  /** How it is read unless the user says otherwise. */
  Map<String, String> readOptions() {
    return this == CSV ? Map.of("header", "true", "multiLine", "true", "escape", "\"") : Map.of();
  }

  /** How it is read: the defaults with what a user says over them, in any case of their names. */
  Map<String, String> readOptions(Map<String, String> said) {
    Map<String, String> all = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
    all.putAll(readOptions());
    all.putAll(said);
    return all;
  }

  /** How it is written unless the user says otherwise. */
  Map<String, String> writeOptions() {
    return switch (this) {
      case JSON -> Map.of("ignoreNullFields", "false");
      case CSV ->
          Map.of(
              "header", "true",
              "escape", "\"",
              "ignoreLeadingWhiteSpace", "false",
              "ignoreTrailingWhiteSpace", "false");
      default -> Map.of();
    };
  }

  /**
   * The format that is asked for.
   *
   * @param word a word of configurations; {@code auto} to go by the file's name
   */
  public static Optional<DataFormat> of(String word, String fileName) {
    return named(word).or(() -> ofName(fileName));
  }

  /** The format of that name; empty for {@code auto} and for what is not in files of its own. */
  static Optional<DataFormat> named(String word) {
    return Arrays.stream(values()).filter(format -> format.word.equals(word)).findFirst();
  }

  /** The format that a file's name ends with. */
  static Optional<DataFormat> ofName(String name) {
    String plain = name.toLowerCase(Locale.ROOT).replaceFirst(COMPRESSION, "");
    return Arrays.stream(values()).filter(format -> plain.matches(format.fileNames)).findFirst();
  }

  /**
   * Checks that the format has a place for every column.
   *
   * @throws StrataException if it has none
   */
  void requireHolds(StructType schema) {
    if (this == TEXT) {
      throw StrataException.usage(
          "text has one column, and an output has several; set --output-format to json or csv");
    }
    for (StructField field : schema.fields()) {
      if (this == CSV && isNested(field.dataType())) {
        throw StrataException.usage(
            "csv cannot hold column '%s', which is %s; leave it out with --columns, or set"
                + " --output-format to json or parquet",
            field.name(), field.dataType().catalogString());
      }
    }
  }

  private static boolean isNested(DataType type) {
    return type instanceof ArrayType
        || type instanceof MapType
        || type instanceof StructType
        || type instanceof BinaryType
        || type instanceof VariantType;
  }
}
