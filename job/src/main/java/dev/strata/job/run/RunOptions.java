package dev.strata.job.run;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.strata.udfs.api.Differences;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/**
 * The options that an output's rows were made with, in a file beside them that readers of rows
 * leave out. Rows know a digest of them, which tells that they differ and not in what.
 *
 * @param values by the options' names
 */
record RunOptions(Map<String, String> values) {

  private static final String FILE = "_strata_options.json";
  private static final JsonMapper JSON = new JsonMapper();

  /** Those of an output; none if it does not say. */
  static RunOptions read(Configuration hadoop, String output) throws IOException {
    Path file = new Path(output, FILE);
    try (InputStream in = file.getFileSystem(hadoop).open(file)) {
      return parse(new String(in.readAllBytes(), StandardCharsets.UTF_8));
    } catch (FileNotFoundException e) {
      return new RunOptions(Map.of());
    }
  }

  void write(Configuration hadoop, Path output) throws IOException {
    Path file = new Path(output, FILE);
    try (OutputStream out = file.getFileSystem(hadoop).create(file, true)) {
      out.write(json().getBytes(StandardCharsets.UTF_8));
    }
  }

  /** Those that {@link #json} made a text of. */
  static RunOptions parse(String json) throws IOException {
    return new RunOptions(JSON.readValue(json, new TypeReference<Map<String, String>>() {}));
  }

  String json() throws IOException {
    return JSON.writeValueAsString(values);
  }

  /** What differs, such as {@code --temperature was 0.7 and is 0.2}; empty if nothing is known. */
  List<String> differences(RunOptions now) {
    return Differences.between(sharedWith(now), now.sharedWith(this));
  }

  /** An output of an older version knows nothing of a newer one's options. */
  private Map<String, String> sharedWith(RunOptions other) {
    Map<String, String> shared = new HashMap<>(values);
    shared.keySet().retainAll(other.values.keySet());
    return shared;
  }
}
