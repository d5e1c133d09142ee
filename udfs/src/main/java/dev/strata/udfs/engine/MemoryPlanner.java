package dev.strata.udfs.engine;

import dev.strata.udfs.api.StrataException;
import java.util.List;

/**
 * Searches for the most generous choice that the budgets hold. What components take and what is
 * worth trying is the {@link MemoryLayout}'s to say.
 */
final class MemoryPlanner {

  private final MemoryLayout layout;

  MemoryPlanner(MemoryLayout layout) {
    this.layout = layout;
  }

  /**
   * The plan.
   *
   * @throws StrataException if a budget is too small, with the smallest that works
   */
  MemoryPlan plan() {
    List<PlanChoice> choices = layout.choices();
    PlanChoice least = choices.get(choices.size() - 1);
    layout.requireBudgets(least);
    List<MemoryLayout.Limit> limits = layout.limits(least);
    for (MemoryLayout.Limit limit : limits) {
      for (PlanChoice choice : choices) {
        if (layout.fits(choice, limit)) {
          return layout.plan(choice, limit);
        }
      }
    }
    return layout.plan(least, limits.get(limits.size() - 1));
  }
}
