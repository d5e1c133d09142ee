package dev.strata.udfs.store;

import dev.strata.udfs.concurrent.Retries;
import java.io.EOFException;
import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What of a local directory's files is tried again: it may be a mount of a file server that is
 * started anew, or of a disk that comes back.
 */
final class LocalRetries {

  private static final Logger LOG = LoggerFactory.getLogger(LocalRetries.class);

  static final Duration PATIENCE = Duration.ofMinutes(3);

  /** What time does not change. */
  private static final List<Class<? extends IOException>> LASTING =
      List.of(
          EOFException.class,
          NoSuchFileException.class,
          NotDirectoryException.class,
          AccessDeniedException.class,
          FileSystemLoopException.class,
          ClosedByInterruptException.class,
          InterruptibleFile.ClosedException.class);

  private LocalRetries() {}

  static Retries of(Path directory) {
    return of(directory, PATIENCE);
  }

  /**
   * @param patience how long reads may fail
   */
  static Retries of(Path directory, Duration patience) {
    return new Retries(
        patience,
        LocalRetries::mayPass,
        (failure, pause) ->
            LOG.warn(
                "the model in {} cannot be read, and is tried again in {} s: {}",
                directory,
                pause.toSeconds(),
                failure.toString(),
                failure));
  }

  private static boolean mayPass(IOException failure) {
    return Stream.<Throwable>iterate(failure, e -> e != null, Throwable::getCause)
        .noneMatch(cause -> LASTING.stream().anyMatch(type -> type.isInstance(cause)));
  }
}
