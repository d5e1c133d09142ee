package dev.strata.job.dataset;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.strata.job.TestSession;
import dev.strata.udfs.api.StrataException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.apache.spark.api.java.function.FilterFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class InputOutputTest {

  private static SparkSession spark;

  @TempDir Path directory;

  @BeforeAll
  static void start() {
    spark = TestSession.local(1).getOrCreate();
  }

  @AfterAll
  static void stop() {
    spark.stop();
  }

  @Test
  void formatsFollowNames() throws IOException {
    Path json = directory.resolve("rows");
    Files.createDirectories(json.resolve("day=1"));
    Files.writeString(json.resolve("day=1/_SUCCESS.json"), "not rows");
    Files.writeString(json.resolve("day=1/a.jsonl"), "{\"text\": \"x\"}\n{\"text\": \"y\"}\n");

    Input input = open(json);
    assertThat(input.format()).isEqualTo(DataFormat.JSON);
    assertThat(input.rows().columns()).containsExactly("text", "day");

    Path same = directory.resolve("out");
    write(input, same);
    assertThat(open(same).format()).isEqualTo(DataFormat.JSON);
    for (String name : List.of("out.parquet", "out.orc", "out.csv")) {
      Path other = directory.resolve(name);
      write(input, other);
      assertThat(open(other).rows().count()).as(name).isEqualTo(2);
      assertThat(names(other)).anyMatch(file -> file.contains(name.substring(3)));
    }
  }

  @Test
  void linesOfText() throws IOException {
    Path notes = Files.writeString(directory.resolve("notes.txt"), "one\n\nthree, \"3\"\n");
    Input input = open(notes);
    assertThat(input.rows().columns()).containsExactly("text");
    assertThat(texts(input.rows())).containsExactly("one", "", "three, \"3\"");
    write(input, directory.resolve("out"));
    assertThat(names(directory.resolve("out"))).anyMatch(name -> name.endsWith(".json"));
  }

  @Test
  void csvAsPeopleWriteIt() throws IOException {
    Path csv =
        Files.writeString(
            directory.resolve("mails.csv"),
            "id,text,n\r\n007,\"Dear Sir,\nhe said \"\"no\"\".\",1\r\n008,back\\slash,\r\n009,\"\",2\r\n");
    Dataset<Row> rows = open(csv).rows();
    assertThat(rows.columns()).containsExactly("id", "text", "n");
    assertThat(texts(rows.select("id"))).containsExactly("007", "008", "009");
    assertThat(texts(rows.select("text")))
        .containsExactly("Dear Sir,\nhe said \"no\".", "back\\slash", null);
    assertThat(texts(rows.select("n"))).containsExactly("1", null, "2");
  }

  @Test
  void csvComesBackAsItWas() {
    List<String> hard =
        List.of(
            "a, b; c\t\"quoted\" and \\escaped\\\"",
            "lines\nof\r\ntext\r",
            "  spaces  ",
            "\"",
            "\\",
            "#comment",
            "ends with \\");
    Dataset<Row> rows =
        spark.createDataset(hard, org.apache.spark.sql.Encoders.STRING()).toDF("text");
    Path out = directory.resolve("out.csv");
    write(new Input(rows.coalesce(1), DataFormat.CSV, List.of(), null), out);
    assertThat(texts(open(out).rows())).containsExactlyElementsOf(hard);
  }

  @Test
  void readersTakeOptions() throws IOException {
    Path csv = Files.writeString(directory.resolve("x.csv"), "a;b, c\nd;e\n");
    Dataset<Row> rows =
        Input.open(spark, Confs.of("input", csv, "input.options", "delimiter=;,header=false"))
            .rows();
    assertThat(rows.columns()).containsExactly("_c0", "_c1");
    assertThat(texts(rows.select("_c1"))).containsExactly("b, c", "e");
  }

  @Test
  void conditionsOnRows() throws IOException {
    Path csv = Files.writeString(directory.resolve("x.csv"), "a,text\n1,x\n2,y\n");
    assertThat(texts(where(csv, "a = '2'").select("text"))).containsExactly("y");
    assertThatThrownBy(() -> where(csv, "a = = 2"))
        .isInstanceOf(StrataException.class)
        .hasMessageStartingWith("--where 'a = = 2' is no condition on the input: ")
        .hasMessageContaining("yntax error")
        .hasMessageEndingWith("its columns are a, text");
    assertThatThrownBy(() -> where(csv, "b > 2"))
        .isInstanceOf(StrataException.class)
        .hasMessageContaining("`b` cannot be resolved");
    assertThatThrownBy(() -> where(csv, "text || 'x'"))
        .isInstanceOf(StrataException.class)
        .hasMessageStartingWith("--where 'text || 'x'' is no condition on the input: ");
  }

  private static Dataset<Row> where(Path input, String condition) {
    return Input.open(spark, Confs.of("input", input, "where", condition)).rows();
  }

  @Test
  void nothingToRead() throws IOException {
    Path absent = directory.resolve("absent.json");
    assertThatThrownBy(() -> open(absent))
        .isInstanceOf(StrataException.class)
        .hasMessage("the input %s does not exist", absent);
    Files.writeString(directory.resolve("notes.doc"), "x");
    assertThatThrownBy(() -> open(directory)).hasMessageContaining("set --input-format");
    Files.writeString(directory.resolve("bad.parquet"), "x".repeat(100));
    assertThatThrownBy(() -> open(directory.resolve("bad.parquet")))
        .isInstanceOf(StrataException.class)
        .hasMessageStartingWith("the input " + directory + "/bad.parquet cannot be read: ");
    assertThatThrownBy(() -> Input.open(spark, Confs.of("input", "nowhere://x/y")))
        .isInstanceOf(StrataException.class)
        .hasMessageContaining("nowhere");
  }

  @Test
  void csvRefusesNestedColumns() {
    Path out = directory.resolve("out.csv");
    Input input = rows("1 AS id", "array('a') AS tags");
    assertThatThrownBy(() -> write(input, out))
        .isInstanceOf(StrataException.class)
        .hasMessage(
            "csv cannot hold column 'tags', which is array<string>; leave it out with --columns, or"
                + " set --output-format to json or parquet");
    assertThat(out).doesNotExist();
  }

  @Test
  void partitionedOutput() {
    Path out = directory.resolve("out");
    Output output = output(out, "partitionBy", "lang,day");
    Input input = rows("'x' AS text", "'fr' AS lang", "1 AS day");
    output.accept(input, input.rows().schema());
    output.write(input.rows());
    output.commit();
    assertThat(out.resolve("lang=fr/day=1")).isDirectory();

    Output wrong = output(directory.resolve("wrong"), "partitionBy", "language");
    assertThatThrownBy(() -> wrong.accept(input, input.rows().schema()))
        .hasMessage(
            "--partition-by names 'language', which is no column of the output; those are text,"
                + " lang, day");
  }

  @Test
  void existingOutputIsNotTouched() throws IOException {
    Files.writeString(directory.resolve("part-0.json"), "{}");
    assertThatThrownBy(() -> output(directory))
        .isInstanceOf(StrataException.class)
        .hasMessage(
            "the output %s exists already; remove it, name another, or set --mode to overwrite,"
                + " append or ignore",
            directory);
    assertThat(output(directory, "mode", "ignore").exists()).isTrue();
  }

  @Test
  void whatAKilledRunLeftIsNoOutput() throws IOException {
    Path out = directory.resolve("out");
    Files.createDirectories(out.resolve("_temporary/0"));
    for (String mode : new String[] {"error", "ignore"}) {
      assertThatThrownBy(() -> output(out, "mode", mode))
          .isInstanceOf(StrataException.class)
          .hasMessageContaining("holds _temporary, so the run that began it was killed");
    }
    Output output = output(out, "mode", "overwrite");
    Input input = rows("'new' AS text");
    output.accept(input, input.rows().schema());
    output.write(input.rows());
    output.commit();
    assertThat(out.resolve("_SUCCESS")).exists();
    assertThat(out.resolve("_temporary")).doesNotExist();
  }

  @Test
  void anEmptyDirectoryIsNoOutput() throws IOException {
    Path out = Files.createDirectory(directory.resolve("empty"));
    Output output = output(out);
    assertThat(output.exists()).isFalse();
    Input input = rows("'new' AS text");
    output.accept(input, input.rows().schema());
    output.write(input.rows());
    output.commit();
    assertThat(out.resolve("_SUCCESS")).exists();
  }

  @Test
  void overwriteReplacesWhatIsThere() throws IOException {
    Path out = directory.resolve("data/out.json");
    write(rows("'old' AS text"), out);
    Output output = output(out, "mode", "overwrite");
    Input input = rows("'new' AS text", "2 AS more");
    output.accept(input, input.rows().schema());
    output.write(input.rows());
    output.commit();
    assertThat(texts(open(out).rows().select("text"))).containsExactly("new");
    assertThat(names(out.getParent())).containsExactly("out.json");
  }

  @Test
  void failedOverwriteLeavesTheOldOutput() throws IOException {
    Path out = directory.resolve("data/out.json");
    write(rows("'old' AS text"), out);
    Output output = output(out, "mode", "overwrite");
    Input input = rows("raise_error('no') AS text");
    output.accept(input, input.rows().schema());
    assertThatThrownBy(() -> output.write(input.rows()));
    assertThat(texts(open(out).rows())).containsExactly("old");
    output.discard();
    assertThat(names(out.getParent())).containsExactly("out.json");
  }

  @Test
  void overwriteKeepsOffWhatIsNoDataSet() throws IOException {
    Path out = Files.createDirectories(directory.resolve("home"));
    Files.writeString(out.resolve("thesis.doc"), "precious");
    Input input = rows("1 AS id");
    Output output = output(out, "mode", "overwrite");
    assertThatThrownBy(() -> output.accept(input, input.rows().schema()))
        .isInstanceOf(StrataException.class)
        .hasMessageStartingWith("the output " + out + " holds 'thesis.doc', which is no part");
  }

  @ParameterizedTest
  @ValueSource(strings = {"overwrite", "append"})
  void theInputIsNoOutput(String mode) {
    Path rows = directory.resolve("rows/a.parquet");
    write(rows("'x' AS text"), rows);
    Input input = open(rows);
    for (Path out : List.of(rows, rows.getParent())) {
      assertThatThrownBy(() -> output(out, "mode", mode).accept(input, input.rows().schema()))
          .isInstanceOf(StrataException.class)
          .hasMessage(
              "the output %s is where the input file:%s is; name another output", out, rows);
    }
  }

  @Test
  void appendAddsRowsOfTheSameForm() {
    Path out = directory.resolve("out");
    write(rows("'a' AS text", "1 AS n"), out, "output.format", "orc");
    append(rows("2 AS n", "'b' AS text"), out);
    assertThat(texts(open(out).rows().select("text"))).containsExactlyInAnyOrder("a", "b");

    assertThatThrownBy(() -> append(rows("'c' AS text"), out, "output.format", "json"))
        .hasMessage("the output %s has orc files; rows cannot be appended to it as json", out);
    assertThatThrownBy(() -> append(rows("'c' AS text"), out))
        .isInstanceOf(StrataException.class)
        .hasMessageContaining(
            "has the columns n int, text string, and the rows to append have text");
    assertThatThrownBy(() -> append(rows("'c' AS text", "1 AS n"), out, "partitionBy", "n"))
        .hasMessageContaining("is laid out by no columns, and --partition-by asks for n");
    assertThat(open(out).rows().count()).isEqualTo(2);
  }

  /** Nobody sees a part of what is added before all of it is written. */
  @Test
  void appendedRowsAreWrittenBeside() throws IOException {
    Path out = directory.resolve("data/out.parquet");
    append(rows("'a' AS text", "'x' AS k"), out, "partitionBy", "k");
    Output output = output(out, "mode", "append", "partitionBy", "k");
    Input input = rows("'b' AS text", "'y' AS k");
    output.accept(input, input.rows().schema());
    String location = out.toString();
    output.write(input.rows().filter((FilterFunction<Row>) row -> nothingIsThere(location)));
    assertThat(texts(open(out).rows().select("text"))).containsExactlyInAnyOrder("a", "b");
    assertThat(names(out.getParent())).containsExactly("out.parquet");
    assertThat(names(out)).contains("k=x", "k=y", "_SUCCESS");
  }

  private static boolean nothingIsThere(String out) {
    return !Files.exists(Path.of(out, "_temporary")) && !Files.exists(Path.of(out, "k=y"));
  }

  @Test
  void failedAppendAddsNothing() throws IOException {
    Path out = directory.resolve("data/out.parquet");
    write(rows("'a' AS text"), out);
    Output output = output(out, "mode", "append");
    Input input = rows("raise_error('no') || 'b' AS text");
    output.accept(input, input.rows().schema());
    assertThatThrownBy(() -> output.write(input.rows()));
    output.discard();
    assertThat(texts(open(out).rows())).containsExactly("a");
    assertThat(names(out.getParent())).containsExactly("out.parquet");
  }

  /** What a store puts in place at once is not copied there. */
  @Test
  void aCommitterOfOnesOwnWritesInPlace() throws IOException {
    Path out = directory.resolve("data/out.parquet");
    write(rows("'a' AS text"), out);
    String key = "spark.sql.sources.commitProtocolClass";
    spark.conf().set(key, "org.apache.spark.internal.io.HadoopMapReduceCommitProtocol");
    try {
      Output output = output(out, "mode", "append");
      Input input = rows("'b' AS text");
      output.accept(input, input.rows().schema());
      String unfinished = out.resolve("_temporary").toString();
      output.write(
          input.rows().filter((FilterFunction<Row>) row -> Files.exists(Path.of(unfinished))));
    } finally {
      spark.conf().unset(key);
    }
    assertThat(open(out).rows().count()).isEqualTo(2);
  }

  @Test
  void appendToNothingWrites() {
    Path out = directory.resolve("out.json");
    append(rows("'a' AS text"), out);
    assertThat(texts(open(out).rows())).containsExactly("a");
  }

  @Test
  void failedWriteLeavesNothing() {
    Path out = directory.resolve("failed");
    Output output = output(out);
    Input input = rows("raise_error('no') AS x");
    output.accept(input, input.rows().schema());
    assertThatThrownBy(() -> output.write(input.rows()));
    output.discard();
    assertThat(out).doesNotExist();
  }

  @Test
  void whatOthersWroteIsNotRemoved() throws IOException {
    Path out = directory.resolve("others");
    Output output = output(out);
    Files.createDirectories(out.resolve("theirs"));
    output.discard();
    assertThat(out.resolve("theirs")).exists();
  }

  private static Input open(Path location) {
    return Input.open(spark, Confs.of("input", location));
  }

  private static Input rows(String... columns) {
    return new Input(spark.range(1).selectExpr(columns), DataFormat.PARQUET, List.of(), null);
  }

  private static Output output(Path location, String... more) {
    Object[] all = Stream.concat(Stream.of("output", location), Stream.of(more)).toArray();
    return Output.at(spark, Confs.of(all));
  }

  private static void write(Input input, Path location, String... more) {
    Output output = output(location, more);
    output.accept(input, input.rows().schema());
    output.write(input.rows());
    output.commit();
  }

  private static void append(Input input, Path location, String... more) {
    String[] all =
        Stream.concat(Stream.of("mode", "append"), Stream.of(more)).toArray(String[]::new);
    write(input, location, all);
  }

  private static List<String> texts(Dataset<Row> rows) {
    return rows.collectAsList().stream().map(row -> row.getString(0)).toList();
  }

  private static List<String> names(Path parent) throws IOException {
    try (Stream<Path> files = Files.list(parent)) {
      return files.map(file -> file.getFileName().toString()).toList();
    }
  }
}
