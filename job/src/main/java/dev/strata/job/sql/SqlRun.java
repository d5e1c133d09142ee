package dev.strata.job.sql;

import dev.strata.job.dataset.Messages;
import dev.strata.udfs.api.StrataException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintStream;
import java.util.List;
import org.apache.spark.SparkThrowable;
import org.apache.spark.sql.AnalysisException;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.classic.Dataset;
import org.apache.spark.sql.execution.HiveResult;
import org.apache.spark.sql.execution.QueryExecution;
import org.apache.spark.sql.execution.SQLExecution;
import scala.Option;
import scala.jdk.javaapi.CollectionConverters;

/**
 * Runs statements on a session. Rows come as Spark's own command line prints them: their values
 * between tabs, without a header.
 */
public final class SqlRun {

  private static final String PROMPT = "strata> ";
  private static final String PROMPT_WITHIN = "      > ";

  /** Knows better than Spark why a statement failed. */
  public interface Reason {

    /** Throws it, or returns where Spark's own is as good. */
    void raise() throws Exception;
  }

  private final SparkSession spark;
  private final Reason reason;
  private final PrintStream out;

  /**
   * @param reason asked where a statement failed
   * @param out where rows go, and nothing else
   */
  public SqlRun(SparkSession spark, Reason reason, PrintStream out) {
    this.spark = spark;
    this.reason = reason;
    this.out = out;
  }

  /**
   * Runs the statements of a text, up to the first that fails.
   *
   * @throws StrataException if one is no statement, or names what is not there
   */
  public void run(String text) {
    for (String statement : SqlStatements.of(text)) {
      try {
        rows(statement).forEach(out::println);
      } catch (Exception e) { // Spark's are checked, but Scala does not declare them
        throw told(better(e));
      }
      out.flush();
    }
  }

  private Exception better(Exception e) {
    try {
      reason.raise();
      return e;
    } catch (Exception found) {
      return found;
    }
  }

  private List<String> rows(String statement) {
    Dataset<?> result = (Dataset<?>) spark.sql(statement);
    QueryExecution query = result.queryExecution();
    return CollectionConverters.asJava(
        SQLExecution.withNewExecutionId(
            query,
            Option.apply("strata sql"),
            () -> HiveResult.hiveResultString(query.executedPlan())));
  }

  /** What the statement or its rows are to blame for is said in Spark's words. */
  private static RuntimeException told(Exception e) {
    if (e instanceof AnalysisException) {
      return new StrataException(StrataException.Fault.USAGE, Messages.firstLine(e), e);
    }
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      boolean isForeseen = cause instanceof SparkThrowable told && isOfRows(told);
      if (isForeseen) {
        return new StrataException(StrataException.Fault.DATA, Messages.firstLine(cause), cause);
      }
    }
    return e instanceof RuntimeException own ? own : new IllegalStateException(e);
  }

  /** Spark gives errors classes of SQL: 22 is data, 42 the statement. */
  private static boolean isOfRows(SparkThrowable error) {
    String state = error.getSqlState();
    return state != null && (state.startsWith("22") || state.startsWith("42"));
  }

  /**
   * Runs statements as they are typed, each as soon as its semicolon is there. One that fails is
   * told of, and the next is waited for.
   *
   * @param console where a person is asked and told of errors; null to end at the first failure
   */
  public void converse(BufferedReader in, PrintStream console) throws IOException {
    StringBuilder typed = new StringBuilder();
    ask(console, PROMPT);
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      typed.append(line).append('\n');
      boolean isComplete = SqlStatements.isComplete(typed.toString());
      if (isComplete) {
        attempt(typed.toString(), console);
        typed.setLength(0);
      }
      ask(console, isComplete ? PROMPT : PROMPT_WITHIN);
    }
    attempt(typed.toString(), console);
  }

  private static void ask(PrintStream console, String prompt) {
    if (console != null) {
      console.print(prompt);
      console.flush();
    }
  }

  private void attempt(String text, PrintStream console) {
    try {
      run(text);
    } catch (RuntimeException e) {
      if (console == null) {
        throw e;
      }
      console.println("strata: " + Messages.firstLine(e));
    }
  }
}
