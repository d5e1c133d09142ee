package dev.strata.udfs.lock;

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
 * @param started when it started, in the kernel's ticks since the machine did, which no clock that
 *     is set changes; 0 where nobody knows
 * @param application the Spark application
 * @param since when it took the lock
 */
public record LockHolder(
    String token,
    String user,
    String host,
    String processes,
    long process,
    long started,
    String application,
    Instant since) {

  /** The field of the start, counted from the one behind the name. */
  private static final int STARTED = 19;

  /** This process, from now on. */
  public static LockHolder ofThisProcess(String application) {
    return new LockHolder(
        UUID.randomUUID().toString(),
        System.getProperty("user.name"),
        hostName(),
        processSet(),
        ProcessHandle.current().pid(),
        started("self"),
        application,
        Instant.now().truncatedTo(ChronoUnit.SECONDS));
  }

  /** Whether it was a process that this one would see, and does not. */
  public boolean hasEnded() {
    return !processes.isEmpty()
        && processes.equals(processSet())
        && host.equals(hostName())
        && !isRunning();
  }

  /** A process that has the number and started at another time has inherited it. */
  private boolean isRunning() {
    boolean isThere = ProcessHandle.of(process).filter(ProcessHandle::isAlive).isPresent();
    return isThere && (started == 0 || started == started(Long.toString(process)));
  }

  private static long started(String process) {
    try {
      String state = Files.readString(Path.of("/proc", process, "stat"));
      // The program's name is in brackets, and may hold anything.
      String[] fields = state.substring(state.lastIndexOf(')') + 2).split(" ", -1);
      return Long.parseLong(fields[STARTED]);
    } catch (IOException | RuntimeException e) { // no Linux, or no such process
      return 0;
    }
  }

  /** What {@link #parse} reads. */
  public byte[] toBytes() throws IOException {
    Properties properties = new Properties();
    properties.setProperty("token", token);
    properties.setProperty("user", user);
    properties.setProperty("host", host);
    properties.setProperty("processes", processes);
    properties.setProperty("process", Long.toString(process));
    properties.setProperty("started", Long.toString(started));
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
              Long.parseLong(properties.getProperty("started", "0")),
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
