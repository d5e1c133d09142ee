package dev.strata.udfs.model;

/**
 * How a router's products become choices of experts and weights.
 *
 * @param experts how many there are
 * @param chosen how many each token takes
 * @param factor what products are multiplied by before they are scored
 * @param scoring what makes scores of products
 * @param correction [experts] added to scores for the choice alone; null for none
 * @param groups groups of experts side by side, of which some are chosen first, by the sum of the
 *     two best in each; 1 for none
 * @param groupsChosen how many groups are chosen
 * @param normalised whether weights are divided by their sum
 * @param scale what they are multiplied by then
 * @param expertScales [experts] what the weights of each are multiplied by beside it; null for none
 */
public record RoutingSpec(
    int experts,
    int chosen,
    double factor,
    Scoring scoring,
    WeightSpec correction,
    int groups,
    int groupsChosen,
    boolean normalised,
    double scale,
    WeightSpec expertScales) {

  /** What makes scores of a router's products. */
  public enum Scoring {
    SOFTMAX,
    SIGMOID,
    /** The products themselves, whose softmax over the chosen ones are the weights. */
    CHOSEN_SOFTMAX
  }

  public RoutingSpec {
    boolean grouped = groups > 1;
    if (chosen < 1
        || chosen > experts
        || groups < 1
        || experts % groups != 0
        || groupsChosen < 1
        || groupsChosen > groups
        || (grouped && chosen > groupsChosen * (experts / groups))
        || (grouped && experts / groups < 2)) {
      throw new IllegalArgumentException(
          String.format(
              "%d of %d experts, in %d of %d groups", chosen, experts, groupsChosen, groups));
    }
  }

  /** Each token takes the best. */
  static RoutingSpec of(int experts, int chosen, Scoring scoring, boolean normalised) {
    return grouped(experts, chosen, scoring, 1, 1, normalised, 1);
  }

  /** Each token takes the best of the best groups. */
  static RoutingSpec grouped(
      int experts,
      int chosen,
      Scoring scoring,
      int groups,
      int groupsChosen,
      boolean normalised,
      double scale) {
    return new RoutingSpec(
        experts, chosen, 1, scoring, null, groups, groupsChosen, normalised, scale, null);
  }

  /** The same with a correction. */
  RoutingSpec withCorrection(WeightSpec weight) {
    return new RoutingSpec(
        experts,
        chosen,
        factor,
        scoring,
        weight,
        groups,
        groupsChosen,
        normalised,
        scale,
        expertScales);
  }

  /** The same with products that are multiplied, and experts that weigh more or less. */
  RoutingSpec withScales(double ofProducts, WeightSpec ofExperts) {
    return new RoutingSpec(
        experts,
        chosen,
        ofProducts,
        scoring,
        correction,
        groups,
        groupsChosen,
        normalised,
        scale,
        ofExperts);
  }
}
