package dev.strata.udfs.model;

/** The fields in which families say how they route, under the names that they had. */
final class RouterFields {

  private final JsonFields config;

  RouterFields(JsonFields config) {
    this.config = config;
  }

  /** How many experts a layer has, under the first of the names that is there. */
  int experts(String... names) {
    for (String name : names) {
      if (config.isPresent(name)) {
        return config.width(name);
      }
    }
    return config.width(names[0]);
  }

  /** Refuses other scores than those that transformers computes whatever the field says. */
  void requireScores(String function) {
    String name = "scoring_func";
    if (!config.textOr(name, function).equals(function)) {
      throw config.invalid(name, function);
    }
  }

  /** Each token takes the best of all experts. */
  RoutingSpec best(
      int experts, int chosenByDefault, RoutingSpec.Scoring scoring, boolean normalised) {
    return RoutingSpec.of(experts, chosen(experts, chosenByDefault), scoring, normalised);
  }

  /**
   * Each token takes the best of the best groups, by sigmoids that a correction is added to.
   *
   * @param chosenByDefault what an absent {@code num_experts_per_tok} means; the others alike
   */
  RoutingSpec grouped(
      int experts,
      int chosenByDefault,
      int groupsByDefault,
      int groupsChosenByDefault,
      double scaleByDefault) {
    requireScores("sigmoid");
    int chosen = chosen(experts, chosenByDefault);
    int groups = config.sizeOr("n_group", groupsByDefault);
    int groupsChosen = config.sizeOr("topk_group", groupsChosenByDefault);
    if (experts % groups != 0
        || groupsChosen > groups
        || (groups > 1 && experts / groups < 2)
        || chosen > experts / groups * groupsChosen) {
      throw config.unusable(
          String.format(
              "%d of %d groups of %d experts do not give %d experts to a token",
              groupsChosen, groups, experts, chosen));
    }
    return RoutingSpec.grouped(
        experts,
        chosen,
        RoutingSpec.Scoring.SIGMOID,
        groups,
        groupsChosen,
        config.flagOr("norm_topk_prob", true),
        config.positiveOr("routed_scaling_factor", scaleByDefault));
  }

  private int chosen(int experts, int otherwise) {
    String name = "num_experts_per_tok";
    return chosen(name, config.sizeOr(name, otherwise), experts);
  }

  /** How many experts each token takes, under a name that has no default. */
  int chosen(String name, int experts) {
    return chosen(name, config.width(name), experts);
  }

  private int chosen(String name, int chosen, int experts) {
    if (chosen > experts) {
      throw config.unusable(
          String.format("%s is %d, but there are %d experts", name, chosen, experts));
    }
    return chosen;
  }
}
