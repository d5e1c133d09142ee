package dev.strata.udfs.live;

import java.util.List;
import org.apache.spark.SparkConf;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerEvent;
import org.apache.spark.status.AppHistoryServerPlugin;
import org.apache.spark.status.ElementTrackingStore;
import org.apache.spark.ui.SparkUI;
import scala.collection.immutable.Seq;
import scala.jdk.javaapi.CollectionConverters;

/**
 * The tab in the history server, which finds this class where Strata's jar is on its class path,
 * and fills the tab from an application's event log.
 */
public final class LiveHistory implements AppHistoryServerPlugin {

  /** Puts the events of a log into the store. */
  private static final class Reader extends SparkListener {

    private final Quietly quietly = new Quietly("what runs did is not shown");
    private final RunStore store;

    Reader(RunStore store) {
      this.store = store;
    }

    @Override
    public void onOtherEvent(SparkListenerEvent event) {
      if (event instanceof RunEvent run) {
        quietly.run(() -> store.put(run.figures()));
      }
    }
  }

  @Override
  public Seq<SparkListener> createListeners(SparkConf conf, ElementTrackingStore store) {
    return CollectionConverters.asScala(List.<SparkListener>of(new Reader(new RunStore(store))))
        .toSeq();
  }

  /** An application that asked no model has no tab. */
  @Override
  public void setupUI(SparkUI ui) {
    if (!new RunStore(ui.store().store()).all().isEmpty()) {
      StrataTab.attach(ui);
    }
  }
}
