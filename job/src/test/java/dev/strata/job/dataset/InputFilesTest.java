package dev.strata.job.dataset;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.strata.job.TestSession;
import dev.strata.udfs.api.StrataException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What people put beside each other in one place: no row is lost or swapped without a word. */
class InputFilesTest {

  private static SparkSession spark;

  @TempDir Path directory;

  @BeforeAll
  static void start() {
    spark =
        TestSession.local(1)
            .config("spark.sql.codegen.wholeStage", false) // not worth it for a few rows
            .getOrCreate();
  }

  @AfterAll
  static void stop() {
    spark.stop();
  }

  @Test
  void csvColumnsGoByName() throws IOException {
    write("a.csv", "id,text\n1,one\n");
    write("b.csv", "text,id\ntwo,2\n");
    write("c.csv", "");
    Dataset<Row> rows = open(directory).rows();
    assertThat(rows.columns()).containsExactly("id", "text");
    assertThat(values(rows)).containsExactlyInAnyOrder("[1,one]", "[2,two]");
    assertThat(values(open(directory, "input.options", "inferSchema=true").rows()))
        .containsExactlyInAnyOrder("[1,one]", "[2,two]");
    assertThat(values(open(directory, "input.options", "header=false").rows()))
        .contains("[id,text]", "[text,id]");
  }

  @Test
  void csvColumnsGoByNameInPartitionsToo() throws IOException {
    write("day=1/a.csv", "id,text\n1,one\n");
    write("day=2/b.csv", "text,id\ntwo,2\n");
    Dataset<Row> rows = open(directory).rows();
    assertThat(rows.columns()).containsExactly("id", "text", "day");
    assertThat(values(rows)).containsExactlyInAnyOrder("[1,one,1]", "[2,two,2]");
  }

  @Test
  void csvFilesOfOtherColumnsAreRefused() throws IOException {
    write("a.csv", "id,text\n1,one\n");
    write("b.csv", "id,body\n2,two\n");
    assertRefused(
        directory, "a.csv has the columns id, text, and b.csv has id, body; run files of other");
  }

  @Test
  void lineBreaksWithinQuotesStayAsTheyAre() throws IOException {
    Path csv =
        write(
            "a.csv",
            "id,text,n\r\n1,\"a\r\nb\nc\rd\",x\r\n2,\"he said \"\"no\"\"\r\n\",\"\"\r\n3,,y\r\n");
    assertThat(values(open(csv).rows()))
        .containsExactly("[1,a\r\nb\nc\rd,x]", "[2,he said \"no\"\r\n,null]", "[3,null,y]");
  }

  @Test
  void rowsThatEndInTwoWaysAreRefused() throws IOException {
    assertRefused(
        write("a.csv", "id,text\r\n1,x\n2,\"a\r\nb\"\r\n3,z\n"),
        "the first rows of a.csv end with CR LF and later ones with LF alone");
    Path quoted = write("b.csv", "id,text\r\n1,\"x\ny\"\r\n");
    assertThat(values(open(quoted).rows())).containsExactly("[1,x\ny]");
  }

  @Test
  void aSeparatorThatWasNotSaid() throws IOException {
    Path semicolons = write("a.csv", "id;text\n1;x\n");
    assertRefused(
        semicolons,
        "the only column of the input is named 'id;text', as if ';' were between columns; set"
            + " --input-options delimiter=;, or delimiter=, if that is its name");
    assertThat(open(semicolons, "input.options", "delimiter=;").rows().columns())
        .containsExactly("id", "text");
    assertThat(open(semicolons, "input.options", "SEP=,").rows().columns())
        .containsExactly("id;text");
    assertRefused(write("b.csv", "id\ttext\n1\tx\n"), "delimiter=\\t");
  }

  @Test
  void filesOfTwoForms() throws IOException {
    write("a.csv", "id,text\n1,x\n");
    write("b.json", "{\"id\": 2}\n");
    assertRefused(
        directory,
        "holds a.csv and b.json, which are csv and json; set --input-options"
            + " pathGlobFilter=*.csv to read the ones");
    assertThat(values(open(directory, "input.options", "pathGlobFilter=*.csv").rows()))
        .containsExactly("[1,x]");
  }

  @Test
  void filesOfNoForm() throws IOException {
    spark.range(1).write().parquet(directory.resolve("rows").toString());
    write("rows/README.md", "# Rows");
    write("rows/_notes.txt", "hidden");
    write("rows/.ipynb_checkpoints/x.csv", "hidden");
    assertRefused(
        directory.resolve("rows"),
        "holds README.md, whose name is not that of a parquet file; take it away, or set"
            + " --input-options pathGlobFilter=*.parquet");
    assertThat(
            open(directory.resolve("rows"), "input.options", "pathGlobFilter=*.parquet")
                .rows()
                .count())
        .isOne();
    Files.move(directory.resolve("rows/README.md"), directory.resolve("rows/readme.txt"));
    assertRefused(directory.resolve("rows"), "readme.txt, which are parquet and text");
  }

  @Test
  void subdirectoriesThatWouldNotBeRead() throws IOException {
    write("a.json", "{\"id\": 1}\n");
    write("more/b.json", "{\"id\": 2}\n");
    assertRefused(
        directory,
        "holds b.json in the subdirectory more, which would not be read; set --input-options"
            + " recursiveFileLookup=true");
    assertThat(open(directory, "input.options", "recursiveFileLookup=true").rows().count())
        .isEqualTo(2);
  }

  @Test
  void namesThatLookLikePatterns() throws IOException {
    for (String name :
        List.of("rows[1].json", "{a,b}.json", "rows*?.json", "a\\b.json", "a b%20.json")) {
      Path file = write(name, "{\"name\": \"x\"}\n");
      assertThat(open(file).rows().count()).as(name).isOne();
    }
    assertRefused(
        write("rows[1].csv", "name\nx\n"), "Spark takes the characters []{}*? in the name");
    write("in[1]/a.json", "{\"name\": \"x\"}\n");
    assertThat(open(directory.resolve("in[1]")).rows().count()).isOne();
    write("1.json", "{\"name\": \"x\"}\n");
    assertThat(open(directory.resolve("[0-9].json")).rows().count()).isOne();
  }

  @Test
  void aColonInAName() throws IOException {
    Path file = write("rows:1.json", "{\"name\": \"x\"}\n");
    assertRefused(file, "a name with a colon (.rows:1.json.crc) is none that Hadoop can read");
    write("in:1/a.json", "{\"name\": \"x\"}\n");
    assertThat(open(directory.resolve("in:1")).rows().count()).isOne();
  }

  @Test
  void brokenLinesAreErrorsOfTheirRows() throws IOException {
    Path file = directory.resolve("a.json");
    Files.write(
        file,
        "{\"id\": 1}\nthis is no JSON\n{\"id\": 2,\n{\"id\": \"\u00e9\"}\n"
            .getBytes(StandardCharsets.ISO_8859_1));
    Input input = open(file);
    assertThat(input.errorColumn()).isEqualTo("_corrupt_record");
    assertThat(values(input.rows().select("_corrupt_record", "id")))
        .containsExactly(
            "[null,1]",
            "[the line is not a JSON object: this is no JSON,null]",
            "[the line is not a JSON object: {\"id\": 2,,null]",
            "[the line is not a JSON object in UTF-8 (if it is in another encoding, set"
                + " --input-options encoding=...): {\"id\": \"\uFFFD\"},null]");
    Input asked = open(file, "input.options", "columnNameOfCorruptRecord=broken");
    assertThat(asked.errorColumn()).isNull();
    assertThat(asked.rows().columns()).contains("broken");
    assertThat(open(write("b.json", "{\"id\": 1}\n")).errorColumn()).isNull();
  }

  private Path write(String name, String content) throws IOException {
    Path file = directory.resolve(name);
    Files.createDirectories(file.getParent());
    return Files.writeString(file, content);
  }

  private static Input open(Path location, String... more) {
    List<Object> all = new ArrayList<>(List.of("input", location));
    all.addAll(List.of(more));
    return Input.open(spark, Confs.of(all.toArray()));
  }

  private static void assertRefused(Path location, String part) {
    assertThatThrownBy(() -> open(location))
        .isInstanceOf(StrataException.class)
        .hasMessageContaining(part)
        .message()
        .hasLineCount(1);
  }

  private static List<String> values(Dataset<Row> rows) {
    return rows.collectAsList().stream().map(Row::toString).toList();
  }
}
