package dev.strata.udfs.journal;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Hands out what attempts wrote, one attempt after another, each one's entries in their order. */
final class SegmentWalk {

  /** Who takes it. */
  interface Visitor {

    void entry(RowEntry entry);

    /** All entries of an attempt have been handed out. */
    void endAttempt();

    /**
     * A segment is not whole, or not of this version; what follows it is handed out all the same.
     */
    void damaged(SegmentName name, Exception why);

    /** A segment is not there any more, as where its attempt merged it just now. */
    default void gone(SegmentName name) {}
  }

  private final JournalDirectory directory;
  private final Visitor visitor;

  private SegmentWalk(JournalDirectory directory, Visitor visitor) {
    this.directory = directory;
    this.visitor = visitor;
  }

  /**
   * Reads segments.
   *
   * @param segments as {@link JournalDirectory#list} has them
   */
  static void walk(JournalDirectory directory, List<SegmentName> segments, Visitor visitor)
      throws IOException {
    SegmentWalk walk = new SegmentWalk(directory, visitor);
    List<SegmentName> ofOne = new ArrayList<>();
    for (SegmentName name : segments) {
      if (!ofOne.isEmpty() && !ofOne.get(0).attempt().equals(name.attempt())) {
        walk.readAttempt(ofOne);
        ofOne.clear();
      }
      ofOne.add(name);
    }
    walk.readAttempt(ofOne);
  }

  private void readAttempt(List<SegmentName> ofOne) throws IOException {
    long next = 0;
    for (SegmentName name : ofOne) {
      // What a whole one was made of is still there where a process was killed just then.
      if (name.last() >= next && read(name)) {
        next = name.last() + 1;
      }
    }
    visitor.endAttempt();
  }

  private boolean read(SegmentName name) throws IOException {
    Optional<byte[]> bytes = directory.read(name.toString());
    if (bytes.isEmpty()) {
      visitor.gone(name);
      return false;
    }
    if (!name.isOf(bytes.get())) {
      visitor.damaged(name, new IOException("it is not whole"));
      return false;
    }
    try {
      SegmentCodec.decode(bytes.get(), visitor::entry);
    } catch (IOException | RuntimeException e) {
      visitor.damaged(name, e);
    }
    return true;
  }
}
