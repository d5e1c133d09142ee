package dev.strata.udfs.live;

import org.apache.spark.ui.SparkUI;
import org.apache.spark.ui.SparkUITab;

/** Strata's tab of the Spark UI, of an application or in the history server. */
final class StrataTab extends SparkUITab {

  private StrataTab(SparkUI ui) {
    super(ui, "strata");
    attachPage(new RunPage(this, new RunStore(ui.store().store())));
  }

  /** Adds the tab to a UI. */
  static void attach(SparkUI ui) {
    ui.attachTab(new StrataTab(ui));
  }

  @Override
  public String name() {
    return "Strata";
  }
}
