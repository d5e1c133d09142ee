package dev.strata.udfs.sql;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/** Results that several levels made, each in the order of groups. */
final class GroupResults {

  private final List<Iterator<RowSpool.Entry>> levels;
  private final List<RowSpool.Entry> next = new ArrayList<>();

  GroupResults(List<Iterator<RowSpool.Entry>> levels) {
    this.levels = levels;
    levels.forEach(level -> next.add(level.hasNext() ? level.next() : null));
  }

  /**
   * The result of a group, that of the lowest level; null if it has none.
   *
   * @param group larger than the one before
   */
  RowSpool.Entry of(long group) {
    RowSpool.Entry found = null;
    for (int level = 0; level < next.size(); level++) {
      RowSpool.Entry entry = next.get(level);
      if (entry != null && entry.group() == group) {
        found = found == null ? entry : found;
        next.set(level, levels.get(level).hasNext() ? levels.get(level).next() : null);
      }
    }
    return found;
  }
}
