package dev.strata.udfs.tools;

import dev.strata.udfs.api.EngineOptions;
import dev.strata.udfs.api.PlanPreview;
import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.engine.EnginePreview;
import dev.strata.udfs.store.Checkpoint;
import dev.strata.udfs.tensor.PageTables;
import java.io.IOException;
import java.io.UncheckedIOException;

/** What an engine would take of a GPU's memory. */
final class PlanCheck {

  private static final String SUBJECT = "plan";

  private PlanCheck() {}

  /**
   * Plans the memory of an engine with a GPU, without one.
   *
   * @param options an engine's
   */
  static Finding check(EngineOptions options) {
    try (Checkpoint checkpoint = Checkpoint.open(options.model())) {
      PlanPreview plan = EnginePreview.plan(checkpoint, options, false);
      return Finding.ok(
          SUBJECT, text(plan.deviceBytes(), PageTables.bytes(plan.hostBytes()), options));
    } catch (StrataException e) {
      return e.fault() == StrataException.Fault.MODEL
          ? Finding.warning(SUBJECT, "there is none without the model")
          : Finding.failed(SUBJECT, e);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String text(long card, long pageTables, EngineOptions options) {
    return "%d MiB of the card's memory, --device-memory of %s: %d MiB of the process and %d MiB of"
            .formatted(
                mebibytes(card),
                Sizes.text(options.deviceMemory()),
                mebibytes(card - pageTables),
                mebibytes(pageTables))
        + " page tables for pinned memory";
  }

  private static long mebibytes(long bytes) {
    return (bytes + (1 << 20) - 1) >> 20;
  }
}
