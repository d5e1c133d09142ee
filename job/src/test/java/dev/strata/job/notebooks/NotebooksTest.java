package dev.strata.job.notebooks;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.job.TestSession;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import jdk.jshell.JShell;
import jdk.jshell.Snippet;
import jdk.jshell.SnippetEvent;
import jdk.jshell.SourceCodeAnalysis;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import scala.Console$;

/**
 * The cells of notebooks print what is stored beside them: statements in a session, Java by JShell
 * in the same, and the SQL that is in Python. With {@code -Dstrata.regenerate} it is stored anew.
 */
class NotebooksTest {

  private static final Path ROOT = Path.of(System.getProperty("strata.root"));
  private static final boolean REGENERATES = System.getProperty("strata.regenerate") != null;

  /**
   * What Python shows of a query, whose text is in three quotes, or of an expression of a table.
   */
  private static final Pattern QUERY =
      Pattern.compile("spark\\.sql\\(\"\"\"(.*?)\"\"\"\\)", Pattern.DOTALL);

  private static final Pattern VIEW =
      Pattern.compile("parquet\\(\"(.*?)\"\\)\\.createOrReplaceTempView\\(\"(.*?)\"\\)");
  private static final Pattern TABLE =
      Pattern.compile(
          "spark\\.table\\(\"(\\w+)\"\\)\\.where\\(\"(.*?)\"\\)\\.orderBy\\(\"(\\w+)\"\\)\\.limit\\((\\d+)\\)\\s+\\w+\\.select\\(\"(\\w+)\","
              + " expr\\(\"(.*?)\"\\)\\)");

  private static SparkSession spark;

  @BeforeAll
  static void start() {
    spark =
        TestSession.local(2)
            .config("spark.sql.shuffle.partitions", 1)
            .config("spark.sql.codegen.wholeStage", false)
            .config("spark.strata.host.memory", "512m")
            .getOrCreate();
  }

  @AfterAll
  static void stop() {
    spark.stop();
  }

  private static void run(String name, Function<String, String> cell) throws IOException {
    Notebook notebook = Notebook.read(ROOT.resolve("submit-scripts/notebooks").resolve(name));
    int count = 0;
    for (Notebook.Cell code : notebook.cells()) {
      count++;
      String printed = cell.apply(code.source().replace("datasets/", ROOT + "/datasets/"));
      if (REGENERATES) {
        code.print(count, printed);
      }
      assertThat(code.output().strip())
          .as("%s: %s", name, code.source())
          .isEqualTo(printed.strip());
    }
    if (REGENERATES) {
      notebook.write();
    }
  }

  @Test
  void statements() throws IOException {
    SparkSession session = spark.newSession();
    run("sql.ipynb", statement -> rows(session.sql(statement), 60));
  }

  /** As a data frame shows itself; nothing of statements that make or set something. */
  private static String rows(Dataset<Row> rows, int truncate) {
    List<String> columns = List.of(rows.columns());
    return columns.isEmpty() || columns.equals(List.of("key", "value"))
        ? ""
        : ((org.apache.spark.sql.classic.Dataset<Row>) rows).showString(20, truncate, false);
  }

  @Test
  void sqlInPython() throws IOException {
    SparkSession session = spark.newSession();
    session.conf().set("spark.strata.model", ROOT.resolve("datasets/demo-model").toString());
    session.conf().set("spark.strata.maxNewTokens", "20");
    run("pyspark.ipynb", cell -> python(session, cell));
  }

  /** A cell of Python does one of these things, or starts the session. */
  private static String python(SparkSession session, String cell) {
    Matcher views = VIEW.matcher(cell);
    while (views.find()) {
      session.read().parquet(views.group(1)).createOrReplaceTempView(views.group(2));
    }
    Matcher query = QUERY.matcher(cell);
    if (query.find()) {
      return rows(session.sql(query.group(1)), 50);
    }
    Matcher table = TABLE.matcher(cell);
    if (table.find()) {
      return rows(
          session
              .table(table.group(1))
              .where(table.group(2))
              .orderBy(table.group(3))
              .limit(Integer.parseInt(table.group(4)))
              .selectExpr(table.group(5), table.group(6)),
          50);
    }
    assertThat(cell).containsAnyOf("SparkSession.builder", "createOrReplaceTempView");
    return "";
  }

  /** Each view of the example of a pipeline is what its query gives. */
  @Test
  void viewsOfThePipeline() throws IOException {
    SparkSession session = spark.newSession();
    session.conf().set("spark.strata.model", ROOT.resolve("datasets/demo-model").toString());
    session.conf().set("spark.strata.maxNewTokens", "12");
    Path file = ROOT.resolve("submit-scripts/pipeline/transformations/translations.sql");
    for (String view :
        Files.readString(file).replace("datasets/", ROOT + "/datasets/").split(";", -1)) {
      if (!view.isBlank()) {
        session.sql(view.strip().replace("CREATE MATERIALIZED VIEW", "CREATE TEMPORARY VIEW"));
      }
    }
    Row first = session.table("translations").orderBy("id").first();
    assertThat(first.<String>getAs("french")).startsWith("La temp");
  }

  /** The session is the one that runs already, which the notebook's builder finds. */
  @Test
  void java() throws IOException {
    try (JShell shell = JShell.builder().executionEngine("local").build()) {
      shell.addToClasspath(System.getProperty("java.class.path"));
      run("java.ipynb", cell -> printed(() -> evaluate(shell, cell)));
    }
  }

  private static void evaluate(JShell shell, String cell) {
    String rest = cell;
    while (!rest.isBlank()) {
      SourceCodeAnalysis.CompletionInfo info = shell.sourceCodeAnalysis().analyzeCompletion(rest);
      for (SnippetEvent event : shell.eval(info.source())) {
        List<String> problems =
            shell.diagnostics(event.snippet()).map(d -> d.getMessage(Locale.ROOT)).toList();
        assertThat(event.status()).as("%s: %s", rest, problems).isEqualTo(Snippet.Status.VALID);
        assertThat(event.exception()).as(rest).isNull();
      }
      rest = info.remaining();
    }
  }

  /** Scala prints where its console is, Java where the system's is. */
  private static String printed(Runnable cell) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8);
    PrintStream before = System.out;
    System.setOut(out);
    try {
      Console$.MODULE$.withOut(
          out,
          () -> {
            cell.run();
            return null;
          });
    } finally {
      System.setOut(before);
    }
    return bytes.toString(StandardCharsets.UTF_8);
  }
}
