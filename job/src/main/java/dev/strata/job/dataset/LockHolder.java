package dev.strata.job.dataset;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import java.util.Properties;
import java.util.UUID;

/**
 * Who holds a lock.
 *
 * @param token a name that no other run has
 * @param host the machine's name
 * @param processes the processes that {@code process} is one of: containers with one host name may
 *     have several sets of them
 * @param process its number
 * @param application the Spark application
 * @param since when it took the lock
 */
public record LockHolder(
    String token,
    String user,
    String host,
    String processes,
    long process,
    String application,
    Instant since) {

  /** This process, from now on. */
  public static LockHolder ofThisProcess(String application) {
    return new LockHolder(
        UUID.randomUUID().toString(),
        System.getProperty("user.name"),
        hostName(),
        processSet(),
        ProcessHandle.current().pid(),
        application,
        Instant.now().truncatedTo(ChronoUnit.SECONDS));
  }

  /** Whether it was a process that this one would see, and does not. */
  public boolean hasEnded() {
    return !processes.isEmpty()
        && processes.equals(processSet())
        && host.equals(hostName())
        && ProcessHandle.of(process).filter(this::mayBeHolder).isEmpty();
  }

  /** A process that started after the lock was taken has inherited the number only. */
  private boolean mayBeHolder(ProcessHandle found) {
    return found.isAlive()
        && found
            .info()
            .startInstant()
            .map(start -> !start.isAfter(since.plusSeconds(2)))
            .orElse(true);
  }

  /** What {@link #parse} reads. */
  public byte[] toBytes() throws IOException {
    Properties properties = new Properties();
    properties.setProperty("token", token);
    properties.setProperty("user", user);
    properties.setProperty("host", host);
    properties.setProperty("processes", processes);
    properties.setProperty("process", Long.toString(process));
    properties.setProperty("application", application);
    properties.setProperty("since", since.toString());
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    properties.store(bytes, null);
    return bytes.toByteArray();
  }

  /** Reads what {@link #toBytes} wrote; empty if it is not whole. */
  public static Optional<LockHolder> parse(byte[] bytes) throws IOException {
    Properties properties = new Properties();
    properties.load(new ByteArrayInputStream(bytes));
    try {
      return Optional.of(
          new LockHolder(
              field(properties, "token"),
              field(properties, "user"),
              field(properties, "host"),
              field(properties, "processes"),
              Long.parseLong(field(properties, "process")),
              field(properties, "application"),
              Instant.parse(field(properties, "since"))));
    } catch (IllegalArgumentException | java.time.DateTimeException e) {
      return Optional.empty();
    }
  }

  private static String field(Properties properties, String name) {
    String value = properties.getProperty(name);
    if (value == null) {
      throw new IllegalArgumentException(name);
    }
    return value;
  }

  private static String hostName() {
    try {
      return InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException e) {
      return "unknown";
    }
  }

  /** The machine's start and the container's process namespace, as Linux has them, or nothing. */
  private static String processSet() {
    try {
      return Files.readString(Path.of("/proc/sys/kernel/random/boot_id")).strip()
          + " "
          + Files.readSymbolicLink(Path.of("/proc/self/ns/pid"));
    } catch (IOException | UnsupportedOperationException e) {
      return "";
    }
  }

  @Override
  public String toString() {
    return "%s on %s (process %d, application %s, since %s)"
        .formatted(user, host, process, application, since);
  }
}
