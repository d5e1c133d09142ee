package dev.strata.udfs.lock;

import java.time.Duration;
import java.util.Optional;

/**
 * A lock as somebody finds it who does not take it.
 *
 * @param holder who holds it; empty if it does not say
 * @param age since it was last renewed
 * @param isDead whether its holder has ended without giving it back, as a run judges that takes it
 *     over
 */
public record LockState(Optional<LockHolder> holder, Duration age, boolean isDead) {}
