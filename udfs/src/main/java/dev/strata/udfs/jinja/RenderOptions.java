package dev.strata.udfs.jinja;

import java.time.Clock;
import java.time.ZoneId;
import java.util.Objects;

/**
 * How to render.
 *
 * @param clock what {@code strftime_now} reads, with the zone in which it is shown
 * @param limits what the render may use
 */
public record RenderOptions(Clock clock, Limits limits) {

  public RenderOptions {
    Objects.requireNonNull(clock, "clock");
    Objects.requireNonNull(limits, "limits");
  }

  /** The system's clock in its default zone, and {@link Limits#DEFAULT}. */
  public static RenderOptions defaults() {
    return new RenderOptions(Clock.system(ZoneId.systemDefault()), Limits.DEFAULT);
  }
}
