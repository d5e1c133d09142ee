package dev.strata.udfs.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.strata.udfs.api.RowException;
import org.apache.spark.sql.catalyst.CatalystTypeConverters;
import org.apache.spark.sql.types.DataType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Answers in JSON as values of SQL. */
class JsonAnswerTest {

  private static Object read(String answer, String type) {
    DataType ddl = DataType.fromDDL(type);
    return CatalystTypeConverters.convertToScala(JsonAnswer.read(answer, ddl), ddl);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\0',
      value = {
        "INT | 42 | 42",
        "INT | ' 42 ' | 42",
        "BIGINT | 1e3 | 1000",
        "DOUBLE | 0.5 | 0.5",
        "BOOLEAN | True | true",
        "DECIMAL(4,2) | 3.14159 | 3.14",
        "STRING | \"x\" | x",
        "STRUCT<a: INT, b: STRING> | {\"b\": \"x\", \"c\": 1, \"a\": 2} | [2,x]",
        "STRUCT<a: INT, b: STRING> | {\"b\": null} | [null,null]",
        "ARRAY<INT> | [1, 2] | ArraySeq(1, 2)",
        "MAP<STRING, INT> | {\"a\": 1} | Map(a -> 1)",
      })
  void valuesOfTypes(String type, String answer, String shown) {
    String bare = answer.replace("'", "");
    assertThat(String.valueOf(read(bare, type))).isEqualTo(shown);
    assertThat(read("```json\n" + bare + "\n```", type)).isEqualTo(read(bare, type));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "INT | 4.5",
        "INT | x",
        "INT | 99999999999",
        "BOOLEAN | 1",
        "STRUCT<a: INT> | [1]",
        "STRUCT<a: INT> | {a",
        "DECIMAL(3,2) | 100",
        "ARRAY<INT> | {}",
        "TINYINT | 300"
      })
  void anythingElseIsTheRowsError(String type, String answer) {
    assertThatThrownBy(() -> read(answer, type))
        .isInstanceOf(RowException.class)
        .hasMessageContaining("is no JSON value of the type");
  }

  @Test
  void aDeepAnswerIsAnErrorToo() {
    assertThatThrownBy(() -> read("[".repeat(100_000), "ARRAY<INT>"))
        .isInstanceOf(RowException.class);
  }
}
