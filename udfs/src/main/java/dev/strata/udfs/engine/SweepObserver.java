package dev.strata.udfs.engine;

/** Hears of sweeps, on the sweep thread. */
public interface SweepObserver {

  /** Hears nothing. */
  SweepObserver NONE =
      new SweepObserver() {
        @Override
        public boolean traces(long sweep) {
          return false;
        }

        @Override
        public void sweepEnded(SweepFigures figures) {}
      };

  /** Whether a sweep's spans are wanted, which costs a little; asked before it starts. */
  boolean traces(long sweep);

  void sweepEnded(SweepFigures figures);
}
