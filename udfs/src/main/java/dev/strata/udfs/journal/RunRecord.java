package dev.strata.udfs.journal;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonParseException;
import com.google.gson.reflect.TypeToken;
import dev.strata.udfs.api.Differences;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;

/**
 * What a journal's rows were produced with, in a file beside the segments: a run with anything else
 * would continue another's texts.
 *
 * @param values by what they are called in messages
 */
public record RunRecord(Map<String, String> values) {

  private static final String FILE = "run.json";
  private static final Gson JSON = new GsonBuilder().setPrettyPrinting().create();
  private static final TypeToken<Map<String, String>> TYPE = new TypeToken<>() {};

  /** The record of a journal; empty where there is none, or one that was not written whole. */
  public static Optional<RunRecord> read(Configuration conf, String location) throws IOException {
    return JournalDirectory.at(conf, location).read(FILE).flatMap(RunRecord::parse);
  }

  private static Optional<RunRecord> parse(byte[] json) {
    try {
      Map<String, String> values = JSON.fromJson(new String(json, StandardCharsets.UTF_8), TYPE);
      return Optional.ofNullable(values).map(RunRecord::new);
    } catch (JsonParseException e) {
      return Optional.empty();
    }
  }

  public void write(Configuration conf, String location) throws IOException {
    byte[] json = JSON.toJson(values).getBytes(StandardCharsets.UTF_8);
    JournalDirectory.at(conf, location).write(FILE, json);
  }

  /** Whether a journal has segments, and so something that could be continued. */
  public static boolean hasRows(Configuration conf, String location) throws IOException {
    return !JournalDirectory.at(conf, location).list(Buckets.ALL).isEmpty();
  }

  /** What differs, for a person; empty if nothing does. */
  public List<String> differences(RunRecord now) {
    return Differences.between(values, now.values);
  }
}
