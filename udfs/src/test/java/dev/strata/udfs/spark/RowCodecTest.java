package dev.strata.udfs.spark;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.spark.api.java.function.MapPartitionsFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

class RowCodecTest {

  private static final List<String> LITERALS =
      List.of(
          "true",
          "NULL",
          "1Y",
          "300S",
          "-70000",
          "9000000000L",
          "1.5F",
          "2.25D",
          "cast('-12345678901234567890.123456789' AS DECIMAL(38, 9))",
          "'naïve 🙂'",
          "X'00ff10'",
          "DATE'2026-02-28'",
          "DATE'1582-10-04'",
          "TIMESTAMP'2026-02-28 12:34:56.789012Z'",
          "TIMESTAMP_NTZ'2026-02-28 12:34:56.789012'",
          "INTERVAL '3-1' YEAR TO MONTH",
          "INTERVAL '1 02:03:04.5' DAY TO SECOND",
          "make_interval(1, 2, 3, 4, 5, 6, 7)",
          "array(1, NULL, 3)",
          "array()",
          "map('a', 1, 'b', NULL)",
          "named_struct('x', 1, 'y', named_struct('z', array('q', NULL)))",
          "array(named_struct('role', 'user', 'content', 'hi'))",
          "map(1, array(map('k', X'01')))",
          "parse_json('{\"a\": [1, null]}')");

  private static final SparkSession SPARK = TestSession.local(1).getOrCreate();

  @AfterAll
  static void stop() {
    SPARK.stop();
  }

  /** Every type of Spark goes through, as a value, as null, and nested: all in one row. */
  @Test
  void everyType() {
    Dataset<Row> input =
        SPARK.sql(
            IntStream.range(0, LITERALS.size())
                .mapToObj(
                    i -> "%1$s AS v%2$d, array(%1$s, NULL) AS a%2$d".formatted(LITERALS.get(i), i))
                .collect(Collectors.joining(", ", "SELECT ", "")));
    Dataset<Row> output =
        input.mapPartitions(
            (MapPartitionsFunction<Row, Row>)
                rows -> {
                  List<Row> copies = new ArrayList<>();
                  rows.forEachRemaining(
                      row ->
                          copies.add(
                              RowFactory.create(RowCodec.decode(RowCodec.encode(values(row))))));
                  return copies.iterator();
                },
            Encoders.row(input.schema()));

    assertThat(output.schema()).isEqualTo(input.schema());
    assertThat(text(output)).isEqualTo(text(input));
  }

  @Test
  void textsAreCompact() {
    assertThat(RowCodec.encode(new Object[] {"x".repeat(100), 7L})).hasSize(4 + 105 + 9);
  }

  private static Object[] values(Row row) {
    return IntStream.range(0, row.length()).mapToObj(row::get).toArray();
  }

  /** Compared as text, since Row compares arrays of bytes by identity. */
  private static String text(Dataset<Row> rows) {
    return rows.selectExpr("to_json(struct(*))").collectAsList().toString();
  }
}
