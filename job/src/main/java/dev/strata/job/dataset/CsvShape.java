package dev.strata.job.dataset;

import com.univocity.parsers.csv.CsvParser;
import com.univocity.parsers.csv.CsvParserSettings;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.Serializable;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.io.compress.CompressionCodec;
import org.apache.hadoop.io.compress.CompressionCodecFactory;
import org.apache.spark.sql.catalyst.csv.CSVOptions;
import scala.jdk.javaapi.CollectionConverters;

/**
 * What one has to know of a CSV file before it is read together with others. Public for Spark,
 * which encodes public classes alone.
 *
 * @param header the names of its columns; empty where there is none
 * @param lineEnd how its rows end
 */
public record CsvShape(List<String> header, LineEnd lineEnd) implements Serializable {

  /** How rows end. */
  public enum LineEnd {
    /** With a line feed, or the file has no row. */
    LF,
    /** All with a carriage return and a line feed, so that other line breaks are part of values. */
    CR_LF,
    /** With both at first, and then with a line feed alone, where Spark sees no end. */
    MIXED
  }

  /** That of files whose columns go by their place. */
  static CsvShape withoutHeader(LineEnd lineEnd) {
    return new CsvShape(List.of(), lineEnd);
  }

  /** Reads a file's. The whole file is read, for the ends of its lines. */
  static CsvShape of(Path file, Map<String, String> options, Configuration configuration)
      throws IOException {
    CSVOptions parsed =
        new CSVOptions(
            scala.collection.immutable.Map.from(CollectionConverters.asScala(options)),
            false,
            "UTC");
    try (InputStream header = open(file, configuration);
        InputStream rows = open(file, configuration)) {
      return new CsvShape(header(header, parsed), lineEnd(rows, parsed));
    }
  }

  private static InputStream open(Path file, Configuration configuration) throws IOException {
    InputStream stream = file.getFileSystem(configuration).open(file);
    CompressionCodec codec = new CompressionCodecFactory(configuration).getCodec(file);
    return new BufferedInputStream(
        codec == null ? stream : codec.createInputStream(stream), 1 << 16);
  }

  private static List<String> header(InputStream in, CSVOptions options) {
    if (!options.headerFlag()) {
      return List.of();
    }
    CsvParserSettings settings = options.asParserSettings();
    CsvParser parser = new CsvParser(settings);
    parser.beginParsing(in, options.charset());
    String[] names = parser.parseNext();
    parser.stopParsing();
    return names == null ? List.of() : Arrays.stream(names).map(String::valueOf).toList();
  }

  /** In encodings whose bytes of line breaks are those of ASCII. */
  private static LineEnd lineEnd(InputStream in, CSVOptions options) throws IOException {
    if (options.charset().startsWith("UTF-16") || options.charset().startsWith("UTF-32")) {
      return LineEnd.LF;
    }
    boolean isQuoted = false;
    boolean isFound = false;
    int last = -1;
    for (int b = in.read(); b >= 0; b = in.read()) {
      if (isQuoted && b == options.escape() && options.escape() != options.quote()) {
        b = in.read();
      } else if (b == options.quote()) {
        isQuoted = !isQuoted; // twice for a doubled one
      } else if (!isQuoted && b == '\n') {
        if (last != '\r') {
          return isFound ? LineEnd.MIXED : LineEnd.LF;
        }
        isFound = true;
      }
      last = b;
    }
    return isFound ? LineEnd.CR_LF : LineEnd.LF;
  }
}
