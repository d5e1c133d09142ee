package dev.strata.udfs.stream;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A ring of places on a device whose copies run as late as they may: when somebody waits for them,
 * on the host or on the device. What they copy must still be there.
 */
final class LazyDevice implements DevicePlaces {

  private record Pending(int hostPlace, int offset, long bytes) {}

  private final ControlledTiles host;
  private final List<byte[]> places = new ArrayList<>();
  private final Map<Integer, Pending> pending = new HashMap<>();
  private final Set<Integer> used = new HashSet<>();
  private final List<String> problems = new ArrayList<>();
  private Thread copying;
  private int copies;

  LazyDevice(ControlledTiles host, int count) {
    this.host = host;
    for (int i = 0; i < count; i++) {
      places.add(new byte[0]);
    }
  }

  @Override
  public int count() {
    return places.size();
  }

  @Override
  public synchronized void bindCopyingThread() {
    check(copying == null, "the copying thread is bound twice");
    copying = Thread.currentThread();
  }

  @Override
  public synchronized void copy(int hostPlace, int offset, long bytes, int place) {
    check(copying == Thread.currentThread(), "a copy from another thread");
    check(!used.contains(place), "a copy to place " + place + ", which is used");
    check(!pending.containsKey(place), "a copy to place " + place + ", which was not used yet");
    copies++;
    pending.put(place, new Pending(hostPlace, offset, bytes));
  }

  private void run(int place) {
    Pending copy = pending.remove(place);
    if (copy != null) {
      byte[] bytes = new byte[(int) copy.bytes()];
      host.buffer(copy.hostPlace()).duplicate().clear().position(copy.offset()).get(bytes);
      places.set(place, bytes);
    }
  }

  @Override
  public synchronized void awaitCopied(int place) {
    run(place);
  }

  @Override
  public synchronized void beforeUse(int place) {
    run(place);
    check(used.add(place), "place " + place + " is used twice");
  }

  @Override
  public synchronized void afterUse(int place) {
    check(used.remove(place), "place " + place + " was not used");
  }

  synchronized byte[] inPlace(int place) {
    return places.get(place);
  }

  synchronized int copies() {
    return copies;
  }

  /** What was done out of turn. */
  synchronized List<String> problems() {
    return List.copyOf(problems);
  }

  private void check(boolean holds, String problem) {
    if (!holds) {
      problems.add(problem);
    }
  }
}
