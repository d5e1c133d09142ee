package dev.strata.job.sql;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Semicolons that end a statement, and those that do not. */
class SqlStatementsTest {

  @Test
  void semicolonsEndStatements() {
    assertThat(SqlStatements.of("SELECT 1; SELECT 2 ;\nSELECT 3"))
        .containsExactly("SELECT 1", "SELECT 2", "SELECT 3");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "SELECT 'a;b'",
        "SELECT \"a;b\"",
        "SELECT `a;b` FROM t",
        "SELECT 'it\\'s; one'",
        "SELECT 'a''; b'",
        "SELECT `a``;b` FROM t",
        "SELECT 1 -- one; two\n + 1",
        "SELECT 1 /* one; two */ + 1",
        "SELECT 1 /* one /* two; */ three; */ + 1",
        "SELECT '--' || ';'",
        "SELECT '/*' || ';'",
        "BEGIN DECLARE x INT; SET x = 1; SELECT x; END"
      })
  void othersDoNot(String text) {
    assertThat(SqlStatements.of(text)).containsExactly(text);
    assertThat(SqlStatements.of(text + ";")).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "  \n ", ";", ";;\n;", "-- nothing; here", "/* nor; here */", "/*"})
  void whatSaysNothingIsNoStatement(String text) {
    assertThat(SqlStatements.of(text)).isEmpty();
  }

  @Test
  void commentsStayWithTheirStatement() {
    assertThat(SqlStatements.of("-- first\nSELECT 1; -- last"))
        .containsExactly("-- first\nSELECT 1");
  }

  @ParameterizedTest
  @ValueSource(strings = {"SELECT 'open", "SELECT `open;", "SELECT /* open ; ", "SELECT 'a\\"})
  void whatIsNotClosedIsOneStatement(String text) {
    assertThat(SqlStatements.of(text)).isEqualTo(List.of(text.strip()));
    assertThat(SqlStatements.isComplete(text)).isFalse();
  }

  @Test
  void aStatementIsCompleteWithItsSemicolon() {
    assertThat(SqlStatements.isComplete("SELECT 1")).isFalse();
    assertThat(SqlStatements.isComplete("SELECT 1;\n")).isTrue();
    assertThat(SqlStatements.isComplete("SELECT 1; SELECT")).isFalse();
    assertThat(SqlStatements.isComplete("SELECT 1; -- done\n")).isTrue();
    assertThat(SqlStatements.isComplete("\n")).isTrue();
  }
}
