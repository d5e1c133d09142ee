package dev.strata.udfs.concurrent;

import java.util.concurrent.ThreadFactory;

/** Threads that do not keep a JVM alive. */
public final class Daemons {

  private Daemons() {}

  /** A thread that is not started. */
  public static Thread thread(String name, Runnable work) {
    Thread thread = new Thread(work, name);
    thread.setDaemon(true);
    return thread;
  }

  /** Makes threads that all have this name. */
  public static ThreadFactory named(String name) {
    return work -> thread(name, work);
  }
}
