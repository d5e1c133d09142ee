package dev.strata.job.dataset;

import dev.strata.udfs.api.StrataException;
import java.io.FileNotFoundException;
import java.net.ConnectException;
import java.net.URISyntaxException;
import java.net.UnknownHostException;
import java.nio.channels.UnresolvedAddressException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.apache.hadoop.fs.UnsupportedFileSystemException;
import org.apache.hadoop.security.AccessControlException;
import org.apache.hadoop.util.VersionInfo;
import org.apache.spark.SparkThrowable;

/** Says in one sentence why data cannot be read or written, and what to do about it. */
public final class DataErrors {

  private static final Map<String, String> LIBRARIES =
      Map.of(
          "s3a", "org.apache.hadoop:hadoop-aws:" + VersionInfo.getVersion(),
          "abfs", "org.apache.hadoop:hadoop-azure:" + VersionInfo.getVersion(),
          "abfss", "org.apache.hadoop:hadoop-azure:" + VersionInfo.getVersion());

  private static final Pattern NO_CLASS =
      Pattern.compile(".*Class (\\S*\\.fs\\.\\S+|\\S*FileSystem) not found.*", Pattern.DOTALL);

  /** What file systems say where a disk, a quota or the largest size of a file is used up. */
  private static final Pattern NO_ROOM =
      Pattern.compile(
          "(?i).*(no space left on device|quota exceeded|quota .* is exceeded|file too large).*",
          Pattern.DOTALL);

  /** What Spark says of its jobs when its master or all executors are gone. */
  private static final Pattern NO_EXECUTORS =
      Pattern.compile(
          ".*(SparkContext was shut down|stopped SparkContext|LiveListenerBus is stopped"
              + "|Master removed our application).*",
          Pattern.DOTALL);

  /** What a task or the driver was at when an exception was thrown. */
  private enum Origin {
    INPUT,
    OUTPUT,
    SHUFFLE,
    OTHER
  }

  /** By the beginning of a class's name; the innermost frame with such a class counts. */
  private static final Map<String, Origin> ORIGINS =
      Map.of(
          "org.apache.spark.sql.execution.datasources.FileScanRDD", Origin.INPUT,
          "org.apache.spark.sql.execution.datasources.FileFormatDataWriter", Origin.OUTPUT,
          "org.apache.spark.sql.execution.datasources.SingleDirectoryDataWriter", Origin.OUTPUT,
          "org.apache.spark.internal.io.HadoopMapReduceCommitProtocol", Origin.OUTPUT,
          "org.apache.hadoop.mapreduce.lib.output.FileOutputCommitter", Origin.OUTPUT,
          "org.apache.spark.shuffle.", Origin.SHUFFLE,
          "dev.strata.udfs.", Origin.OTHER);

  private DataErrors() {}

  /** Input that cannot be read. */
  static StrataException input(String location, Throwable e) {
    return lacksExecutors(e)
        ? withoutExecutors(e)
        : error("the input %s cannot be read: %s".formatted(location, reason(location, e)), e);
  }

  /** A lock that cannot be taken. */
  static StrataException lock(String file, Throwable e) {
    return error("the lock %s cannot be written: %s".formatted(file, reason(file, e)), e);
  }

  /** A report that cannot be written. */
  public static StrataException report(String file, Throwable e) {
    return e instanceof NoSuchFileException
        ? error("the report %s has no directory to be in; make it first".formatted(file), e)
        : error("the report %s cannot be written: %s".formatted(file, reason(file, e)), e);
  }

  /** What is at an output's place and cannot be read. */
  public static StrataException status(String location, Throwable e) {
    return error("what %s is cannot be told: %s".formatted(location, reason(location, e)), e);
  }

  /** Output that cannot be written. */
  public static StrataException output(String location, Throwable e) {
    return error("the output %s cannot be written: %s".formatted(location, reason(location, e)), e);
  }

  /**
   * What ended a run: a sentence if it is reading the input, writing the output or shuffling
   * between them, as the innermost stack trace with one of these tells; else the exception as it
   * is.
   */
  public static Exception ofRun(Exception e, String input, String output) {
    if (causes(e).stream().anyMatch(StrataException.class::isInstance)) {
      return e;
    }
    if (lacksExecutors(e)) {
      return withoutExecutors(e);
    }
    return switch (origin(e)) {
      case INPUT -> input(input, e);
      case OUTPUT -> output(output, e);
      case SHUFFLE ->
          hasNoRoom(e)
              ? error("Spark's local directories (spark.local.dir) are full: " + reason("", e), e)
              : e;
      case OTHER -> e;
    };
  }

  private static StrataException error(String sentence, Throwable e) {
    return new StrataException(StrataException.Fault.DATA, sentence, e);
  }

  private static List<Throwable> causes(Throwable e) {
    List<Throwable> causes = new ArrayList<>();
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      causes.add(cause);
    }
    return causes;
  }

  /** A client of a file system throws on threads of its own, of which only what wraps it tells. */
  private static Origin origin(Throwable e) {
    List<Throwable> causes = causes(e);
    Collections.reverse(causes);
    return causes.stream()
        .flatMap(cause -> Arrays.stream(cause.getStackTrace()))
        .flatMap(frame -> origin(frame.getClassName()).stream())
        .findFirst()
        .orElse(Origin.OTHER);
  }

  private static Optional<Origin> origin(String frame) {
    return ORIGINS.entrySet().stream()
        .filter(origin -> frame.startsWith(origin.getKey()))
        .map(Map.Entry::getValue)
        .findFirst();
  }

  private static boolean lacksExecutors(Throwable e) {
    return causes(e).stream()
        .anyMatch(cause -> NO_EXECUTORS.matcher(String.valueOf(cause.getMessage())).matches());
  }

  private static StrataException withoutExecutors(Throwable e) {
    return new StrataException(
        StrataException.Fault.RESOURCES,
        "Spark gave up the run, since its master cannot be reached, or executors do not start or"
            + " end again and again; check --master, and the executors' logs, which say why",
        e);
  }

  private static boolean hasNoRoom(Throwable e) {
    return causes(e).stream()
        .anyMatch(cause -> NO_ROOM.matcher(String.valueOf(cause.getMessage())).matches());
  }

  private static String reason(String location, Throwable e) {
    List<Throwable> causes = causes(e);
    Throwable root = causes.get(causes.size() - 1);
    String said = said(root);
    if (hasColon(location, causes)) {
      return "a name with a colon (%s) is none that Hadoop can read or write; rename it"
          .formatted(
              any(causes, URISyntaxException.class) ? said.replaceFirst(".*: ", "") : location);
    }
    if (said.matches("Input Pattern .* matches 0 files")) {
      return "Spark takes the characters []{}*? in the name of such a file for a pattern; rename"
          + " it";
    }
    if (isUnknownFileSystem(causes)) {
      return unknownFileSystem(location);
    }
    if (any(causes, UnknownHostException.class) || any(causes, UnresolvedAddressException.class)) {
      return "its host is unknown (%s); check the address".formatted(said);
    }
    if (hasNoRoom(e)) {
      return said + "; make room there, then start again";
    }
    if (any(causes, AccessControlException.class) || any(causes, AccessDeniedException.class)) {
      return said + "; grant it to the user of the job, or start as one who may";
    }
    if (any(causes, ConnectException.class)) {
      return refused(causes) + "; check the address, and that the service runs";
    }
    if (any(causes, FileNotFoundException.class)) {
      return "it does not exist";
    }
    return damaged(causes, said);
  }

  /** The innermost knows no address. */
  private static String refused(List<Throwable> causes) {
    return said(
        causes.subList(0, causes.size() - 1).stream()
            .filter(ConnectException.class::isInstance)
            .findFirst()
            .orElse(causes.get(0)));
  }

  private static String damaged(List<Throwable> causes, String said) {
    for (Throwable cause : causes) {
      String condition = cause instanceof SparkThrowable spark ? spark.getCondition() : null;
      if (condition != null && condition.startsWith("FAILED_READ_FILE")) {
        return unreadable(((SparkThrowable) cause).getMessageParameters().get("path"), said);
      }
      if ("UNABLE_TO_INFER_SCHEMA".equals(condition)) {
        return "there is no file with rows in it; give one that has some";
      }
    }
    return said;
  }

  private static String unreadable(String file, String said) {
    String name = file.substring(file.lastIndexOf('/') + 1);
    return DataFormat.ofName(name).isPresent() || !name.contains(".")
        ? "%s is damaged or of another form (%s); copy or write it again, or set --input-format"
            .formatted(file, said)
        : "%s is of another form (%s); take it away, or set --input-options pathGlobFilter to what"
                .formatted(file, said)
            + " the names of the files to read match";
  }

  /** Not the colon behind a scheme, which a slash follows. */
  private static boolean hasColon(String location, List<Throwable> causes) {
    return any(causes, URISyntaxException.class)
        || (isUnknownFileSystem(causes) && !location.matches("[A-Za-z][\\w+.-]*:/.*"));
  }

  private static boolean isUnknownFileSystem(List<Throwable> causes) {
    return any(causes, UnsupportedFileSystemException.class)
        || causes.stream()
            .anyMatch(cause -> NO_CLASS.matcher(String.valueOf(cause.getMessage())).matches());
  }

  private static String unknownFileSystem(String location) {
    String scheme = location.substring(0, Math.max(0, location.indexOf(':')));
    String library = LIBRARIES.get(scheme);
    String way =
        library != null
            ? "add --packages " + library + " before the command, or its jars by --jars"
            : "correct it, or add the library of that file system by --packages or --jars";
    return "there is no file system for %s:// here; %s".formatted(scheme, way);
  }

  private static boolean any(List<Throwable> causes, Class<?> type) {
    return causes.stream().anyMatch(type::isInstance);
  }

  /** Without Spark's name of the condition in brackets, and without an end that repeats links. */
  private static String said(Throwable e) {
    return Messages.firstLine(e)
        .replaceFirst("^\\[[A-Z_.]+] ", "")
        .replaceFirst("\\.? SQLSTATE: \\w+$", "")
        .replaceFirst("; For more details see:.*", "")
        .replaceFirst("\\.$", "");
  }
}
