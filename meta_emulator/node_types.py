"""The types of node that the emulated Graph has, each with all fields that Meta's API specification gives it.

Source: https://github.com/facebook/facebook-business-sdk-codegen/tree/main/api_specs/specs, API v26.0, read 2026-11;
default fields are those of the pages that the routes name. A field that the emulator keeps nothing for can be asked for
and is left out of the answer, as Graph leaves out what is empty.
"""

from __future__ import annotations

from meta_emulator.surface import NodeType, fields

BUSINESS = NodeType(
    "Business",
    fields(
        string="id name link payment_account_id profile_picture_uri two_factor_type verification_status vertical",
        int="timezone_id vertical_id",
        bool="block_offline_analytics is_hidden",
        datetime="created_time extended_updated_time updated_time user_access_expire_time",
        object="collaborative_ads_managed_partner_business_info collaborative_ads_managed_partner_eligibility "
        "collaborative_ads_partner_premium_options created_by marketing_messages_onboarding_status updated_by "
        "whatsapp_business_manager_messaging_limit",
        Page="primary_page",
    ),
)

APPLICATION = NodeType(
    "Application",
    fields(
        string="id name aam_rules app_name auth_dialog_data_help_url auth_dialog_headline "
        "auth_dialog_perms_explanation auth_referral_default_activity_privacy auth_referral_response_type "
        "canvas_url category company contact_email creator_uid daily_active_users deauth_callback_url "
        "default_share_mode description financial_id gdpv4_nux_content hosting_url icon_url ipad_app_store_id "
        "iphone_app_store_id link logging_token logo_url mobile_profile_section_url mobile_web_url "
        "monthly_active_users namespace page_tab_default_name page_tab_url photo_url privacy_policy_url "
        "profile_section_url property_id restrictive_data_filter_params restrictive_data_filter_rules "
        "sdk_update_message secure_canvas_url secure_page_tab_url smart_login_bookmark_icon_url "
        "smart_login_menu_icon_url subcategory suggested_events_setting terms_of_service_url "
        "url_scheme_suffix user_support_email user_support_url website_url weekly_active_users",
        int="an_ad_space_limit app_events_feature_bitmask app_events_session_timeout auth_referral_enabled "
        "canvas_fluid_width daily_active_users_rank monthly_active_users_rank seamless_login social_discovery",
        bool="app_install_tracked app_type auto_event_setup_enabled auto_log_app_events_default "
        "auto_log_app_events_enabled canvas_fluid_height configured_ios_sso gdpv4_chrome_custom_tabs_enabled "
        "gdpv4_enabled gdpv4_nux_enabled has_messenger_product ios_sfvc_attr "
        "ios_supports_native_proxy_auth_flow ios_supports_system_auth supports_attribution "
        "supports_implicit_sdk_logging suppress_native_ios_gdp",
        datetime="created_time",
        list_of_string="an_platforms android_key_hash app_domains auth_referral_extended_perms "
        "auth_referral_friend_perms auth_referral_user_perms ios_bundle_id real_time_mode_devices server_ip_whitelist",
        list_of_object="android_sdk_error_categories app_signals_binding_ios auto_event_mapping_android "
        "auto_event_mapping_ios config_ids ios_sdk_error_categories supported_platforms",
        object="app_events_config client_config enigma_config ios_sdk_dialog_flows latest_sdk_version migrations "
        "object_store_urls protected_mode_rules restrictions supports_apprequests_fast_app_switch",
        Business="business owner_business",
    ),
    ("category", "link", "name", "namespace", "id"),
)

USER = NodeType(
    "User",
    fields(
        string="id name about birthday client_business_id email first_name gender install_type last_name link locale "
        "middle_name name_format political profile_pic quotes relationship_status religion short_name "
        "third_party_id token_for_business website",
        float="timezone",
        bool="installed is_guest_user is_work_account local_news_megaphone_dismiss_status "
        "local_news_subscription_status supports_donate_button_in_live_video verified",
        datetime="shared_login_upgrade_required_by updated_time",
        list_of_string="meeting_for",
        list_of_object="education favorite_athletes favorite_teams inspirational_people languages sports",
        object="age_range community cover currency payment_pricepoints video_upload_limits",
        Page="hometown location",
        User="significant_other",
    ),
)

BUSINESS_USER = NodeType(
    "BusinessUser",
    fields(
        string="id name email finance_permission first_name ip_permission last_name pending_email role title "
        "two_fac_status",
        bool="marked_for_removal",
        list_of_string="tasks",
        object="business_role_request",
        Business="business",
    ),
)

BUSINESS_ROLE_REQUEST = NodeType(
    "BusinessRoleRequest",
    fields(
        string="id email finance_role invite_link ip_role role status",
        datetime="created_time expiration_time expiry_time updated_time",
        list_of_string="invited_user_type tasks",
        object="created_by updated_by",
        Business="owner",
    ),
    ("id", "email", "role", "status"),
)

AD_ACCOUNT = NodeType(
    "AdAccount",
    fields(
        string="id name account_id amount_spent balance business_city business_country_code business_name "
        "business_state business_street business_street2 business_zip currency default_dsa_beneficiary "
        "default_dsa_payor end_advertiser end_advertiser_name funding_source io_number media_agency "
        "min_campaign_group_spend_cap owner partner spend_cap tax_id tax_id_type timezone_name",
        int="account_status disable_reason fb_entity is_personal min_daily_budget offsite_clo_signal_status "
        "opportunity_score_weight tax_id_status timezone_id",
        float="age opportunity_score timezone_offset_hours_utc",
        bool="can_create_brand_lift_study has_migrated_permissions has_page_authorized_adaccount "
        "is_attribution_spec_system_default is_ba_skip_delayed_eligible is_direct_deals_enabled "
        "is_in_3ds_authorization_enabled_market is_notifications_enabled is_prepay_account is_tax_id_required "
        "offsite_pixels_tos_accepted show_checkout_experience",
        datetime="created_time user_access_expire_time",
        list_of_string="all_capabilities brand_safety_content_filter_levels capabilities existing_customers user_tasks",
        list_of_int="line_numbers",
        list_of_object="attribution_spec failed_delivery_checks",
        object="ad_account_promotable_objects agency_client_declaration custom_audience_info "
        "expired_funding_source_details extended_credit_invoice_group funding_source_details liable_address "
        "marketing_messages_settings rf_spec send_bill_to_address sold_to_address tos_accepted "
        "user_tos_accepted",
        Business="business owner_business viewable_business",
    ),
    ("account_id", "id"),
)

# It has no id of its own. The page marks the time as shown by default; the others are those that no entry is without.
AD_ACTIVITY = NodeType(
    "AdActivity",
    fields(
        string="actor_id actor_name application_id application_name date_time_in_timezone event_type extra_data "
        "object_id object_name object_type translated_event_type",
        datetime="event_time",
    ),
    ("event_time", "event_type", "actor_id", "object_id", "extra_data"),
)

PICTURE = NodeType(
    "ProfilePictureSource",
    fields(string="cache_key url", int="bottom height left right top width", bool="is_silhouette"),
    ("height", "is_silhouette", "url", "width"),
)
AD_ACCOUNT_USER = NodeType("AdAccountUser", fields(string="id name", list_of_string="tasks"), ("id", "name", "tasks"))
USER_ID_FOR_APP = NodeType("UserIDForApp", fields(string="id", Application="app"), ("id", "app"))
MANAGED_PARTNER = NodeType(
    "ManagedPartnerBusiness",
    fields(
        string="seller_business_status",
        list_of_object="template",
        object="extended_credit seller_business_info",
        AdAccount="ad_account",
        Page="page",
        ProductCatalog="catalog_segment",
    ),
    ("ad_account", "catalog_segment", "page", "seller_business_info", "seller_business_status"),
)

INSIGHTS = NodeType(
    "AdsInsights",
    fields(
        string="account_currency account_id account_name ad_id ad_name adset_end adset_id adset_name adset_start "
        "advanced_reach_1d_lookback advanced_reach_28d_lookback advanced_reach_7d_lookback age_targeting "
        "anchor_event_attribution_setting anchor_events_performance_indicator attribution_setting auction_bid "
        "auction_competitiveness auction_max_competitor_bid buying_type campaign_id campaign_name "
        "canvas_avg_view_percent canvas_avg_view_time clicks configurable_audience_overlap_with_conv_action "
        "configurable_audience_overlap_with_conv_converters "
        "configurable_audience_overlap_with_conv_exposure_cost "
        "configurable_audience_overlap_with_conv_exposure_impressions "
        "configurable_audience_overlap_with_conv_exposure_reach "
        "configurable_creative_format_performance_adset_count configurable_creative_format_performance_clicks "
        "configurable_creative_format_performance_conversions "
        "configurable_creative_format_performance_converters "
        "configurable_creative_format_performance_impressions configurable_creative_format_performance_spend "
        "configurable_placement_ptc_conversions configurable_placement_ptc_converters "
        "configurable_placement_ptc_reach configurable_reachbyfrequency_converters_count "
        "configurable_reachbyfrequency_impressions_cost configurable_reachbyfrequency_impressions_count "
        "configurable_reachbyfrequency_reach conversion_rate_ranking cost_per_dda_countby_convs "
        "cost_per_estimated_ad_recallers cost_per_inline_link_click cost_per_inline_post_engagement "
        "cost_per_message_delivered cost_per_unique_click cost_per_unique_inline_link_click cpc cpm cpp "
        "created_time creative_diversity_label creative_diversity_score creative_media_type ctr date_start "
        "date_stop dda_countby_convs engagement_rate_ranking estimated_ad_recall_rate "
        "estimated_ad_recall_rate_lower_bound estimated_ad_recall_rate_upper_bound estimated_ad_recallers "
        "estimated_ad_recallers_lower_bound estimated_ad_recallers_upper_bound frequency "
        "full_view_impressions full_view_reach gender_targeting impressions inline_link_click_ctr "
        "inline_link_clicks inline_post_engagement instagram_profile_follow instagram_profile_visits "
        "instagram_upcoming_event_reminders_set instant_experience_clicks_to_open "
        "instant_experience_clicks_to_start labels landing_page_view_actions_per_link_click "
        "landing_page_view_per_link_click landing_page_view_per_purchase_rate location "
        "marketing_messages_click_rate_benchmark marketing_messages_cost_per_delivered "
        "marketing_messages_cost_per_link_btn_click marketing_messages_delivered "
        "marketing_messages_delivery_rate marketing_messages_link_btn_click "
        "marketing_messages_link_btn_click_rate marketing_messages_media_view_rate "
        "marketing_messages_phone_call_btn_click_rate marketing_messages_quick_reply_btn_click "
        "marketing_messages_quick_reply_btn_click_rate marketing_messages_read marketing_messages_read_rate "
        "marketing_messages_read_rate_benchmark marketing_messages_sent marketing_messages_spend "
        "marketing_messages_spend_currency messages_delivered messages_delivered_ctr "
        "multi_event_conversion_attribution_setting objective opportunity_score_l4 optimization_goal "
        "place_page_name playable_average_game_length playable_game_start_rate product_group_retailer_id "
        "product_retailer_id product_views purchase_per_landing_page_view purchases_per_link_click "
        "qualifying_question_qualify_answer_rate quality_ranking reach read_rate "
        "result_values_performance_indicator shop_clicks shops_assisted_purchases social_spend spend "
        "total_card_view total_postbacks unique_clicks unique_ctr unique_inline_link_click_ctr "
        "unique_inline_link_clicks unique_link_clicks_ctr updated_time wish_bid",
        int="msa_seller_budget",
        list_of_AdsActionStats="action_values actions ad_click_actions ad_impression_actions advanced_actions_28d_view "
        "aggregated_play_time_per_reach average_purchases_conversion_value catalog_segment_actions "
        "catalog_segment_value catalog_segment_value_mobile_purchase_roas "
        "catalog_segment_value_omni_purchase_roas catalog_segment_value_website_purchase_roas "
        "configurable_attribution_action configurable_attribution_actionvalue "
        "configurable_audience_overlap_reach configurable_reachbyfrequency_action conversion_lead_rate "
        "conversion_leads conversion_values conversions converted_product_app_custom_event_fb_mobile_purchase "
        "converted_product_app_custom_event_fb_mobile_purchase_value converted_product_offline_purchase "
        "converted_product_offline_purchase_value converted_product_omni_purchase "
        "converted_product_omni_purchase_values converted_product_quantity converted_product_value "
        "converted_product_website_pixel_purchase converted_product_website_pixel_purchase_value "
        "converted_promoted_product_app_custom_event_fb_mobile_purchase "
        "converted_promoted_product_app_custom_event_fb_mobile_purchase_value "
        "converted_promoted_product_offline_purchase converted_promoted_product_offline_purchase_value "
        "converted_promoted_product_omni_purchase converted_promoted_product_omni_purchase_values "
        "converted_promoted_product_quantity converted_promoted_product_value "
        "converted_promoted_product_website_pixel_purchase "
        "converted_promoted_product_website_pixel_purchase_value cost_per_15_sec_video_view "
        "cost_per_2_sec_continuous_video_view cost_per_6_sec_video_view cost_per_action_type "
        "cost_per_ad_click cost_per_conversion cost_per_conversion_lead cost_per_mmp_credited_install "
        "cost_per_one_thousand_ad_impression cost_per_outbound_click cost_per_thruplay "
        "cost_per_unique_action_type cost_per_unique_conversion cost_per_unique_outbound_click "
        "instant_experience_outbound_clicks interactive_component_tap mmp_credited_install "
        "mobile_app_purchase_roas onsite_conversion_messaging_detected_purchase_deduped outbound_clicks "
        "outbound_clicks_ctr purchase_roas total_postbacks_detailed total_postbacks_detailed_v4 "
        "unique_actions unique_conversions unique_outbound_clicks unique_outbound_clicks_ctr "
        "unique_video_continuous_2_sec_watched_actions unique_video_view_15_sec video_15_sec_watched_actions "
        "video_30_sec_watched_actions video_6_sec_watched_actions video_avg_time_watched_actions "
        "video_continuous_2_sec_watched_actions video_p100_watched_actions video_p25_watched_actions "
        "video_p50_watched_actions video_p75_watched_actions video_p95_watched_actions video_play_actions "
        "video_thruplay_watched_actions video_time_watched_actions video_view_per_impression website_ctr "
        "website_purchase_roas",
        list_of_AdsHistogramStats="video_play_curve_actions video_play_retention_0_to_15s_actions "
        "video_play_retention_20_to_60s_actions video_play_retention_graph_actions",
        list_of_object="cost_per_objective_result cost_per_result creative_diversity_data creative_fatigue_summary "
        "creative_fatigued_ads dda_results link_clicks_per_results objective_result_rate objective_results "
        "result_rate results",
    ),
    ("date_start", "date_stop"),
)

PAGE = NodeType(
    "Page",
    fields(
        string="id name about access_token affiliation app_id artists_we_like attire awards band_interests "
        "band_members bio birthday booking_agent built category company_overview culinary_team "
        "current_location description description_html directed_by display_subtext "
        "displayed_message_response_time features founded general_info general_manager genre "
        "global_brand_page_name global_brand_root_id hometown impressum influences link members merchant_id "
        "merchant_review_status messenger_ads_quick_replies_type mission mpg name_with_location_descriptor "
        "network page_backed_threads_account_id page_token personal_info personal_interests "
        "pharma_safety_info phone place_type plot_outline press_contact price_range privacy_info_url "
        "produced_by products promotion_ineligible_reason public_transit recipient record_label release_date "
        "schedule screenplay_by season single_line_address starring store_code store_location_descriptor "
        "studio temporary_status username verification_status website whatsapp_number written_by",
        int="checkins country_page_likes fan_count followers_count new_like_count rating_count store_number "
        "talking_about_count unread_message_count unread_notif_count unseen_message_count were_here_count",
        float="overall_star_rating",
        bool="can_checkin can_post does_viewer_have_page_permission_link_ig has_added_app "
        "has_transitioned_to_new_page_experience has_whatsapp_business_number has_whatsapp_number "
        "is_always_open is_calling_eligible is_chain is_community_page is_eligible_for_branded_content "
        "is_eligible_for_disable_connect_ig_btn_for_non_page_admin_am_web "
        "is_messenger_bot_get_started_enabled is_messenger_platform_bot is_owned is_permanently_closed "
        "is_published is_unclaimed is_verified is_webhooks_subscribed leadgen_tos_accepted offer_eligible "
        "promotion_eligible supports_donate_button_in_live_video",
        datetime="leadgen_tos_acceptance_time user_access_expire_time",
        list_of_string="copyright_whitelisted_ig_partners delivery_and_pickup_option_info emails food_styles "
        "messenger_ads_default_icebreakers messenger_ads_default_quick_replies pickup_options",
        list_of_object="available_promo_offer_ids category_list differently_open_offerings priority_hours",
        object="ad_campaign breaking_news_usage business contact_address copyright_attribution_insights cover "
        "engagement featured_video has_lead_access hours keywords location messaging_feature_status "
        "mini_shop_storefront parking payment_options preferred_audience restaurant_services "
        "restaurant_specialties start_info voip_info",
        Business="owner_business",
        IGUser="connected_instagram_account connected_page_backed_instagram_account instagram_business_account",
        Page="best_page parent_page",
        User="leadgen_tos_accepting_user",
    ),
)

CATALOG = NodeType(
    "ProductCatalog",
    fields(
        string="id name default_image_url vertical",
        int="feed_count product_count",
        bool="is_catalog_segment is_local_catalog show_assign_permissions",
        datetime="user_access_expire_time",
        list_of_string="fallback_image_url",
        object="ad_account_to_collaborative_ads_share_settings agency_collaborative_ads_share_settings catalog_store "
        "commerce_merchant_settings da_display_settings store_catalog_settings",
        Business="business owner_business",
        User="creator_user",
    ),
)

PIXEL = NodeType(
    "AdsPixel",
    fields(
        string="id name code config data_use_setting description event_stats first_party_cookie_status last_upload_app",
        int="duplicate_entries event_time_max event_time_min last_upload_app_changed_time match_rate_approx "
        "matched_entries valid_entries",
        bool="can_proxy enable_auto_assign_to_accounts enable_automatic_matching has_1p_pixel_event "
        "is_consolidated_container is_created_by_business is_crm is_mta_use is_restricted_use is_unavailable",
        datetime="creation_time last_fired_time user_access_expire_time",
        list_of_string="automatic_matching_fields",
        object="usage",
        AdAccount="owner_ad_account",
        Business="owner_business",
        User="creator",
    ),
    ("id",),
)

WABA = NodeType(
    "WhatsAppBusinessAccount",
    fields(
        string="id name account_review_status business_verification_status country currency "
        "marketing_messages_lite_api_status marketing_messages_onboarding_status message_template_namespace "
        "ownership_type primary_business_location primary_funding_id purchase_order_number "
        "service_pricing_policy status timezone_id "
        "whatsapp_manager_marketing_messages_max_price_enroll_status",
        int="creation_time",
        bool="disable_marketing_messages_on_cloud_api is_enabled_for_insights is_shared_with_partners "
        "template_auto_archival_enabled",
        object="analytics auth_international_rate_eligibility health_status linked_commerce_account "
        "marketing_messages_ad_account on_behalf_of_business_info owner_business_info "
        "whatsapp_business_manager_messaging_limit",
        Business="owner_business",
    ),
    ("id", "name", "currency", "timezone_id", "message_template_namespace"),
)

INSTAGRAM = NodeType(
    "InstagramBusinessAsset",
    fields(
        string="id ig_user_id ig_username",
    ),
    ("id", "ig_user_id", "ig_username"),
)

CUSTOM_CONVERSION = NodeType(
    "CustomConversion",
    fields(
        string="id name account_id aggregation_rule custom_event_type description event_source_type rule",
        int="default_conversion_value retention_days",
        bool="is_archived is_unavailable",
        datetime="creation_time first_fired_time last_fired_time",
        list_of_object="data_sources",
        object="offline_conversion_data_set",
        AdsPixel="pixel",
        Business="business",
    ),
    ("id",),
)

ASSET_GROUP = NodeType(
    "BusinessAssetGroup",
    fields(
        string="id name",
        Business="owner_business",
    ),
)

# What a business asked for and its owner has not decided.
AD_ACCOUNT_REQUEST = NodeType(
    "BusinessAdAccountRequest", fields(string="id", AdAccount="ad_account"), ("id", "ad_account")
)
PAGE_REQUEST = NodeType("BusinessPageRequest", fields(string="id", Page="page"), ("id", "page"))
APPLICATION_REQUEST = NodeType(
    "BusinessApplicationRequest", fields(string="id", Application="application"), ("id", "application")
)

# The node knows no role, only the rows of `system_users` do.
SYSTEM_USER = NodeType(
    "SystemUser",
    fields(
        string="id name client_business_id finance_permission ip_permission", datetime="created_time", User="created_by"
    ),
)

ASSIGNED_USER = NodeType(
    "AssignedUser",
    fields(string="id name user_type", list_of_string="tasks permitted_tasks", Business="business"),
    ("id", "name", "tasks"),
)
