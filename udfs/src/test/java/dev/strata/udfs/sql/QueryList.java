package dev.strata.udfs.sql;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.api.java.UDF1;
import org.apache.spark.sql.types.DataTypes;

/**
 * The queries of {@code sql/queries.txt}, each with the prompts that it asks. {@link #main} runs
 * them on the Spark of the class path, and ends with 1 if a query gives other rows or asks more.
 */
public final class QueryList {

  private static final Pattern LINE = Pattern.compile("(\\d+)( adaptive=false)? \\| (.*)");

  /** A query, in which {@code fn_} stands for {@code ai_} or {@code ref_}. */
  record Line(int prompts, boolean adaptive, String query) {

    @Override
    public String toString() {
      return query;
    }
  }

  private QueryList() {}

  static List<Line> lines() {
    try (InputStream file = QueryList.class.getResourceAsStream("/sql/queries.txt")) {
      return new String(file.readAllBytes(), StandardCharsets.UTF_8)
          .lines()
          .filter(line -> !line.isEmpty() && !line.startsWith("#"))
          .map(QueryList::line)
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Line line(String text) {
    Matcher parts = LINE.matcher(text);
    if (!parts.matches()) {
      throw new IllegalArgumentException("no query: " + text);
    }
    return new Line(Integer.parseInt(parts.group(1)), parts.group(2) == null, parts.group(3));
  }

  /** What is wrong with a query, or nothing. */
  static List<String> fault(Line line, SparkSession spark, PromptCounter counter) throws Exception {
    spark.conf().set("spark.sql.adaptive.enabled", line.adaptive());
    try {
      counter.reset();
      List<String> rows = rows(spark.sql(line.query().replace("fn_", "ai_")));
      long asked = counter.asked();
      List<String> expected = rows(spark.sql(line.query().replace("fn_", "ref_")));
      List<String> faults = new ArrayList<>();
      if (!rows.equals(expected)) {
        faults.add("rows " + rows + " instead of " + expected);
      }
      if (asked != line.prompts()) {
        faults.add("prompts " + asked + " instead of " + line.prompts());
      }
      return faults;
    } finally {
      spark.conf().unset("spark.sql.adaptive.enabled");
    }
  }

  static List<String> rows(Dataset<Row> rows) {
    List<String> texts = rows.collectAsList().stream().map(Row::toString).toList();
    boolean isOrdered = rows.queryExecution().analyzed().outputOrdering().nonEmpty();
    return isOrdered ? texts : texts.stream().sorted().toList();
  }

  /** A session whose tables and functions the queries need. */
  static SparkSession session(Path folder) {
    SparkSession spark = SqlSession.start(folder);
    spark.sparkContext().setLogLevel("ERROR");
    SqlSession.makeTable(spark, folder);
    UDF1<String, String> twice = text -> text == null ? null : text + " " + text;
    spark.udf().register("twice", twice, DataTypes.StringType);
    return spark;
  }

  /** Runs all queries; the system property {@code strata.root} names the repository. */
  public static void main(String[] args) throws Exception {
    Path folder = Files.createTempDirectory("strata-queries");
    SparkSession spark = session(folder);
    ModelOracle oracle = ModelOracle.register(spark, SqlSession.MAX_NEW_TOKENS);
    PromptCounter counter = PromptCounter.of(spark);
    int wrong = 0;
    for (Line line : lines()) {
      List<String> faults = fault(line, spark, counter);
      faults.forEach(fault -> System.out.println(line + "\n  " + fault));
      wrong += faults.isEmpty() ? 0 : 1;
    }
    System.out.printf("Spark %s: %d queries, %d wrong%n", spark.version(), lines().size(), wrong);
    oracle.close();
    spark.stop();
    System.exit(wrong == 0 ? 0 : 1);
  }
}
