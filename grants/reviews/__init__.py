"""The evaluation: individual evaluation reports and the consensus report made from them."""
