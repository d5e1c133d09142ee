package dev.strata.job.run;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.strata.job.report.KeptRun;
import dev.strata.udfs.api.Differences;
import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.spark.Fingerprints;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/**
 * The options that an output's rows were made with, as the record of its run has them. Rows know a
 * digest of them, which tells that they differ and not in what.
 *
 * @param values by the options' names
 */
record RunOptions(Map<String, String> values) {

  /** What outputs had before they had records. */
  private static final String FILE = "_strata_options.json";

  private static final JsonMapper JSON = new JsonMapper();

  /** Those of an output; none if it does not say. */
  static RunOptions read(Configuration hadoop, String output) throws IOException {
    Path directory = new Path(output);
    Optional<KeptRun> run = OutputRecord.in(hadoop, directory).read().last();
    return run.isPresent() ? of(run.get()) : readAlone(hadoop, directory);
  }

  private static RunOptions of(KeptRun run) {
    try {
      return new RunOptions(Fingerprints.options(KeptSettings.of(run).options()));
    } catch (StrataException e) {
      return new RunOptions(Map.of()); // another version's
    }
  }

  private static RunOptions readAlone(Configuration hadoop, Path directory) throws IOException {
    Path file = new Path(directory, FILE);
    try (InputStream in = file.getFileSystem(hadoop).open(file)) {
      return parse(new String(in.readAllBytes(), StandardCharsets.UTF_8));
    } catch (FileNotFoundException e) {
      return new RunOptions(Map.of());
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
