package dev.strata.udfs.live;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import org.apache.spark.util.kvstore.KVStore;

/** Runs in the store of Spark's UI, whether of an application or of the history server. */
final class RunStore {

  /** Older ones go where there are more. */
  private static final int MOST_RUNS = 100;

  private final KVStore store;

  RunStore(KVStore store) {
    this.store = store;
  }

  /** Takes note of what a run is now. */
  synchronized void put(RunFigures figures) {
    Optional<RunView> before = find(figures.run());
    try {
      store.write(before.map(view -> view.next(figures)).orElseGet(() -> RunView.of(figures)));
      if (before.isEmpty() && store.count(RunView.class) > MOST_RUNS) {
        List<RunView> all = all();
        store.delete(RunView.class, all.get(all.size() - 1).id());
      }
    } catch (Exception e) {
      throw new IllegalStateException("the store of Spark's UI takes no runs", e);
    }
  }

  Optional<RunView> find(long run) {
    try {
      return Optional.of(store.read(RunView.class, run));
    } catch (NoSuchElementException e) {
      return Optional.empty();
    } catch (Exception e) {
      throw new IllegalStateException("the store of Spark's UI gives no runs", e);
    }
  }

  /** All, that which began last first. */
  List<RunView> all() {
    List<RunView> all = new ArrayList<>();
    try {
      store.view(RunView.class).forEach(all::add);
    } catch (Exception e) {
      throw new IllegalStateException("the store of Spark's UI gives no runs", e);
    }
    all.sort(Comparator.comparingLong(RunView::id).reversed());
    return all;
  }
}
