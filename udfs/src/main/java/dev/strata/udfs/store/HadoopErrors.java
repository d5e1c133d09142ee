package dev.strata.udfs.store;

import dev.strata.udfs.api.StrataException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.nio.file.AccessDeniedException;
import java.util.List;
import java.util.stream.Stream;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.UnsupportedFileSystemException;
import org.apache.hadoop.ipc.RemoteException;
import org.apache.hadoop.security.AccessControlException;
import org.apache.hadoop.security.UserGroupInformation;

/** What Hadoop's exceptions mean for a person, in one sentence. */
final class HadoopErrors {

  private static final List<Class<? extends Throwable>> UNREACHABLE =
      List.of(
          ConnectException.class,
          NoRouteToHostException.class,
          SocketTimeoutException.class,
          UnknownHostException.class);

  private static final List<Class<? extends Throwable>> DENIED =
      List.of(AccessControlException.class, AccessDeniedException.class);

  private HadoopErrors() {}

  /** Why a model's directory cannot be opened. */
  static StrataException cannotOpen(Path directory, Exception cause) {
    return new StrataException(StrataException.Fault.MODEL, sentence(directory, cause), cause);
  }

  /** Why a model cannot be copied. */
  static StrataException cannotCopy(String location, java.nio.file.Path target, IOException cause) {
    boolean known = isAny(cause, DENIED) || isAny(cause, UNREACHABLE);
    String sentence =
        known
            ? sentence(new Path(location), cause)
            : String.format("model %s cannot be copied to %s: %s", location, target, reason(cause));
    return new StrataException(StrataException.Fault.MODEL, sentence, cause);
  }

  /** A directory that does not exist or is a file. */
  static StrataException noDirectory(Path directory) {
    return StrataException.model(
        "no directory %s; give the location of a model with config.json and safetensors files",
        directory);
  }

  private static String sentence(Path directory, Exception cause) {
    if (isAny(cause, List.of(UnsupportedFileSystemException.class, ClassNotFoundException.class))) {
      return String.format(
          "model %s is on a file system '%s' that this Spark does not know; give --packages or"
              + " --jars its Hadoop connector, or copy the model to a file system it knows",
          directory, directory.toUri().getScheme());
    }
    if (isAny(cause, DENIED)) {
      return String.format(
          "model %s may not be read by %s (%s); give that user access, or other credentials",
          directory, user(), reason(cause));
    }
    if (isAny(cause, UNREACHABLE)) {
      return String.format(
          "the file system of model %s cannot be reached (%s); check its host, port and network",
          directory, reason(cause));
    }
    if (isAny(cause, List.of(FileNotFoundException.class))) {
      return noDirectory(directory).getMessage();
    }
    return String.format("model %s cannot be opened: %s", directory, reason(cause));
  }

  private static boolean isAny(Throwable error, List<Class<? extends Throwable>> classes) {
    return causes(error).anyMatch(cause -> classes.stream().anyMatch(c -> c.isInstance(cause)));
  }

  /** An exception and its causes, those of servers as they were thrown there. */
  static Stream<Throwable> causes(Throwable error) {
    return Stream.iterate(error, e -> e != null, Throwable::getCause).map(HadoopErrors::unwrapped);
  }

  /** An exception of a server comes with its class by name. */
  private static Throwable unwrapped(Throwable error) {
    return error instanceof RemoteException remote ? remote.unwrapRemoteException() : error;
  }

  /** The first line of the innermost message: Hadoop's own go on about hosts and web pages. */
  private static String reason(Throwable error) {
    Throwable innermost = causes(error).reduce(error, (outer, inner) -> inner);
    String message = innermost.getMessage();
    return message == null
        ? innermost.getClass().getSimpleName()
        : message.lines().findFirst().orElse("");
  }

  private static String user() {
    try {
      return "user " + UserGroupInformation.getCurrentUser().getShortUserName();
    } catch (IOException e) {
      return "this user";
    }
  }
}
