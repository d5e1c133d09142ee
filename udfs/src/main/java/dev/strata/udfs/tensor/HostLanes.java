package dev.strata.udfs.tensor;

/** Lanes of the host, whose work is done when it is sent: nothing is ever waited for. */
final class HostLanes implements DeviceLanes {

  @Override
  public Lane newLane(String name) {
    return new HostLane(name);
  }

  @Override
  public Mark newMark(boolean timed) {
    return new HostMark(timed);
  }

  @Override
  public void close() {}

  private static final class HostLane extends Lane {

    HostLane(String name) {
      super(name);
    }

    @Override
    public void bind() {}

    @Override
    public void record(Mark mark) {
      ((HostMark) mark).set();
    }

    @Override
    public void await(Mark mark) {}

    @Override
    public void close() {}
  }

  private static final class HostMark extends Mark {

    private final boolean timed;
    private volatile long nanos;

    HostMark(boolean timed) {
      this.timed = timed;
    }

    void set() {
      if (timed) {
        nanos = System.nanoTime();
      }
    }

    @Override
    public void awaitOnHost() {}

    @Override
    double millisecondsUntil(Mark later) {
      return (((HostMark) later).nanos - nanos) / 1e6;
    }

    @Override
    public void close() {}
  }
}
